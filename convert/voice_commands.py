"""The commands of voices: folds judges a run, fuse trains the combiner of face and voice."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from convert.console import print_figures, training_stack
from convert.options import Json


def folds(
    run: Annotated[Path, typer.Argument(help="The folder of a speech network's run.")],
    data: Annotated[Path, typer.Option(help="RAVDESS's folder.")],
    noise: Annotated[Path | None, typer.Option(help="A folder of background noise.")] = None,
    max_lost: Annotated[
        float, typer.Option(min=0, max=1, help="Mean recall that int8 may cost.")
    ] = 0.015,
    card: Annotated[
        Path | None, typer.Option(help="A model whose card gets the folds' figures.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Judge a run's folds, float against int8, in quiet and in noise; exit 1 where int8 lost."""
    training_stack()
    from convert.speech_cli import judge

    figures, lines, broken = judge(run, data, noise, max_lost)
    print_figures(figures, lines, as_json)
    for sentence in broken:
        print(f"edge-convert: {sentence}", file=sys.stderr)
    if broken:
        return 1
    if card is not None:
        from convert.speech_cli import write_figures

        write_figures(card, figures)
    return 0


def fuse(
    faces: Annotated[Path, typer.Option(help="FER2013, as for train.")],
    voices: Annotated[Path, typer.Option(help="RAVDESS's folder.")],
    true_pairs: Annotated[Path, typer.Option(help="An .npz of RAVDESS takes with faces.")],
    fold: Annotated[
        Path, typer.Option(help="The judged fold of a speech run that tests the takes' actor.")
    ],
    out: Annotated[Path, typer.Option(help="The .tflite to write; its card goes beside it.")],
    run: Annotated[Path, typer.Option(help="The folder of the combiner's run.")],
    face_model: Annotated[str, typer.Option(help="A model's name or path.")] = "edge_net",
    speech_model: Annotated[str, typer.Option(help="One that never heard the takes' actor.")] = (
        "audio_crnn"
    ),
    as_json: Json = False,
) -> None:
    """Train the combiner of face and voice on made-up pairs, and judge it on true ones."""
    training_stack()
    from convert import fusion_cli
    from convert.train_fusion import FusionSettings

    verdict = fusion_cli.fuse(
        faces, voices, true_pairs, fold, face_model, speech_model, out, run, FusionSettings()
    )
    print_figures(verdict.as_dict(), verdict.lines(), as_json)


def add_to(app: typer.Typer) -> None:
    app.command()(folds)
    app.command()(fuse)
