"""The options that several commands of edge-convert take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[Path, typer.Option(help="FER2013: fer2013.csv, .npz, or its class folders.")]
AnyData = Annotated[Path, typer.Option(help="FER2013, or for a speech network RAVDESS's folder.")]
Keras = Annotated[Path, typer.Argument(help="A trained network: best.keras of a run.")]
Tflite = Annotated[Path, typer.Argument(help="An int8 .tflite with its card (.json) beside it.")]
Json = Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")]
Part = Annotated[str, typer.Option(help="PrivateTest is the test split; PublicTest validates.")]
Clips = Annotated[
    Path | None, typer.Option(help="Video: an .npz of RAVDESS's takes with faces, judged too.")
]
MayLose = Annotated[float, typer.Option(min=0, max=1, help="Accuracy that int8 may cost.")]
MustAgree = Annotated[float, typer.Option(min=0, max=1, help="Faces they must agree on.")]
Share = typer.Option(min=0, max=1)
