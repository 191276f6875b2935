"""The options that several commands of edge-convert take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[Path, typer.Option(help="FER2013: fer2013.csv, .npz, or its class folders.")]
AnyData = Annotated[Path, typer.Option(help="FER2013, or for a speech network RAVDESS's folder.")]
Keras = Annotated[Path, typer.Argument(help="A trained network: best.keras of a run.")]
VerifyKeras = Annotated[
    Path | None, typer.Argument(help="What it was made from; without it DATA is your own.")
]
VerifyData = Annotated[
    Path, typer.Option(help="FER2013 (with KERAS); else a folder of labels, or a csv.")
]
Tflite = Annotated[Path, typer.Argument(help="An int8 .tflite with its card (.json) beside it.")]
Json = Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")]
Part = Annotated[str, typer.Option(help="PrivateTest is the test split; PublicTest validates.")]
Clips = Annotated[
    Path | None, typer.Option(help="Video: an .npz of RAVDESS's takes with faces, judged too.")
]
MayLose = Annotated[float, typer.Option(min=0, max=1, help="Accuracy that int8 may cost.")]
MustAgree = Annotated[float, typer.Option(min=0, max=1, help="Faces they must agree on.")]
Share = typer.Option(min=0, max=1)

# Of every kind of training; None is what the run was started with, or the recipe's default.
Ravdess = Annotated[Path, typer.Option("--data", help="RAVDESS's folder.")]
Out = Annotated[Path, typer.Option(writable=True, help="The run's folder.")]
OutTflite = Annotated[
    Path,
    typer.Option("--out", writable=True, help="The .tflite to write; its card goes beside it."),
]
Epochs = Annotated[int | None, typer.Option(min=1)]
BatchSize = Annotated[int | None, typer.Option(min=1)]
LearningRate = Annotated[float | None, typer.Option(min=0, help="Its peak.")]
WeightDecay = Annotated[float | None, typer.Option(min=0)]
LabelSmoothing = Annotated[float | None, Share]
VotesShare = Annotated[float | None, typer.Option(min=0, max=1, help="Of a target: FER+ votes.")]
Align = Annotated[bool | None, typer.Option(help="Read votes and teacher in the labels' terms.")]
Start = Annotated[str | None, typer.Option(help="A trained .keras to go on from.")]
NoiseShare = Annotated[float | None, typer.Option(min=0, max=1, help="Of the examples: noisy.")]
NoiseMax = Annotated[float | None, Share]
Noise = Annotated[Path | None, typer.Option(help="A folder of background noise to train in.")]
Seed = Annotated[int | None, typer.Option(min=0)]
Precision = Annotated[str | None, typer.Option(help="auto, float32, mixed_bfloat16")]
Resume = Annotated[bool, typer.Option(help="Go on with the run in --out.")]
