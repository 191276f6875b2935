"""edge-convert features: the maps of a layer as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from convert.cli.console import training_stack
from convert.cli.options import Keras
from edge.cli.outputs import Force
from edge.errors import UsageError


def features(
    keras: Keras,
    layer: Annotated[str, typer.Option(help="Its name; a wrong one lists those there are.")],
    out: Annotated[Path, typer.Option(writable=True, help="The PNG to write.")],
    image: Annotated[Path | None, typer.Option(help="A picture of a face.")] = None,
    data: Annotated[Path | None, typer.Option(help="FER2013, in place of a picture.")] = None,
    number: Annotated[int, typer.Option(min=0, help="Which face of its PrivateTest.")] = 0,
    force: Force = False,
) -> None:
    """Draw what a layer of a trained network makes of a face, a map a channel."""
    if (image is None) == (data is None):
        raise UsageError("a face is needed: give either --image or --data")
    training_stack()
    from convert import plots
    from convert.evaluation.feature_maps import face_in, face_of, feature_maps, load

    model = load(keras)
    if image is not None:
        face = face_in(image)
    elif data is not None:
        face = face_of(data, number)
    maps = feature_maps(model, layer, face)
    height, width, channels = maps.shape
    plots.feature_maps(face, maps, f"{model.name}, {layer}", out)
    print(f"{out}: {channels} maps of {height}x{width}")


def add_to(app: typer.Typer) -> None:
    app.command()(features)
