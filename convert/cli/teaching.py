"""edge-convert teach, blend and fold: what a face network's training starts from and ends in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from convert.cli.console import progress_bar, training_stack
from convert.cli.options import Data
from edge.cli.outputs import Force


def teach(
    models: Annotated[
        list[Path], typer.Argument(help="The teachers: .tflite, each with its card.")
    ],
    data: Data,
    out: Annotated[
        Path, typer.Option(writable=True, help="The .npz to write, for train --teacher.")
    ],
    force: Force = False,
) -> None:
    """Record what teachers say of every training face and of its mirror image."""
    from convert.datasets import fer2013
    from convert.training.teacher import record
    from edge.models import find

    faces = fer2013.load(data).part("Training")
    total = 2 * len(models) * len(faces)
    with progress_bar("teaching") as progress:
        record([find(str(path)) for path in models], faces, out, lambda done: progress(done, total))
    print(f"{out}: {out.stat().st_size:,} bytes, {len(faces)} faces")


def blend(
    before: Annotated[Path, typer.Argument(help="The .keras that the training started from.")],
    after: Annotated[Path, typer.Argument(help="The .keras that it led to.")],
    out: Annotated[Path, typer.Option(writable=True, help="The .keras to write.")],
    share: Annotated[float, typer.Option(min=0, max=1, help="How much of the second.")] = 0.5,
    force: Force = False,
) -> None:
    """Average the weights of two trainings of one network."""
    training_stack()
    from convert.training.blend import blend as blended

    blended(before, after, share, out)
    print(f"{out}: {1 - share:g} of {before}, {share:g} of {after}")


def fold(
    network: Annotated[Path, typer.Argument(help="A trained .keras of a face network.")],
    data: Data,
    out: Annotated[Path, typer.Option(writable=True, help="The .keras to write.")],
    force: Force = False,
) -> None:
    """Write a temperature and offsets into the last layer, after which it answers as labels do.

    A network that learned from what voters saw says neutral more often than FER2013's labels.
    """
    training_stack()
    from convert.datasets import fer2013
    from convert.evaluation.fold import fold as folded

    folded(network, fer2013.load(data).part("PublicTest"), out)
    print(f"{out}: {network}, its scores in the terms of {data}'s labels")


def add_to(app: typer.Typer) -> None:
    app.command()(teach)
    app.command()(blend)
    app.command()(fold)
