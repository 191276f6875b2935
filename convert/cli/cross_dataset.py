"""`edge-convert judge`: a network on any set of faces in class folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from convert.cli.console import print_figures, progress_bar
from convert.cli.options import Json
from edge.cli.outputs import Force
from edge.errors import UsageError


def judge(
    model: Annotated[str, typer.Argument(help="A shipped model's name, or a .tflite's path.")],
    data: Annotated[Path, typer.Option(help="A folder that holds a folder of pictures a label.")],
    faces: Annotated[
        str, typer.Option(help="find the face in each picture, or take it whole.")
    ] = "find",
    label: Annotated[
        list[str] | None,
        typer.Option(help="NAME=LABEL: what a folder's name means; again for more."),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(writable=True, help="A .png for the confusion matrix.")
    ] = None,
    as_json: Json = False,
    force: Force = False,
) -> None:
    """Accuracy on another data set, such as CK+ or JAFFE in class folders."""
    from convert.datasets import class_folders as class_folders
    from convert.evaluation import cross_dataset as cross_dataset
    from edge.models.own import open_model
    from edge.settings.sections import PreprocessSettings

    network = open_model(model, personally=False)
    preprocessing = network.card.preprocessing
    if not isinstance(preprocessing, PreprocessSettings):
        raise UsageError(f"{network.card.name} looks at no face: see `edge models list`")
    with progress_bar("reading") as progress:
        found = class_folders.load(data, preprocessing, faces, _renamed(label or ()), progress)
    with progress_bar("judging") as progress:
        verdict = cross_dataset.judge(network, data, found, lambda done: progress(done, len(found)))
    if plot is not None:
        verdict.draw(plot)
    print_figures(verdict.as_dict(), verdict.lines(), as_json)


def _renamed(given: Sequence[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    for name, joined, label in pairs:
        if not (name and joined and label):
            raise UsageError(f"{name + joined + label!r} renames nothing: give --label NAME=LABEL")
    return {name: label for name, _, label in pairs}


def add_to(app: typer.Typer) -> None:
    app.command()(judge)
