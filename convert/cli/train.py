"""`edge-convert train face|speech|video|fusion`: each kind of network with its own options.

After every epoch a run's folder is whole, and --resume goes on from there.
"""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated

import typer

from convert.cli import corpora
from convert.cli.console import training_stack
from convert.cli.import_network import Faces, Merge
from convert.cli.options import (
    Align,
    BatchSize,
    Data,
    Epochs,
    LabelSmoothing,
    LearningRate,
    Noise,
    NoiseMax,
    NoiseShare,
    Out,
    Precision,
    Ravdess,
    Resume,
    Seed,
    Share,
    Start,
    VotesShare,
    WeightDecay,
)
from convert.zoo import SPEECH, VIDEO, kind_of
from convert.zoo import names as zoo_names
from edge.errors import UsageError

app = typer.Typer(help="Train a network, by what it takes.", no_args_is_help=True)
app.command("corpora")(corpora.train)
_FACES = tuple(name for name in zoo_names() if kind_of(name) == "face")


@app.command()
def face(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(_FACES)}.")],
    data: Data,
    out: Out,
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    weight_decay: WeightDecay = None,
    label_smoothing: LabelSmoothing = None,
    votes_share: VotesShare = None,
    align: Align = None,
    start: Start = None,
    teacher: Annotated[
        str | None, typer.Option(help="A trained .keras, or what teach recorded.")
    ] = None,
    teacher_share: Annotated[float | None, Share] = None,
    calm_epochs: Annotated[
        int | None, typer.Option(min=0, help="This many at the end are augmented less.")
    ] = None,
    nonface: Annotated[
        str | None, typer.Option(help="An .npz of patches without a face, to know them by.")
    ] = None,
    nonface_share: Annotated[float | None, Share] = None,
    average: Annotated[
        float | None, typer.Option(min=0, max=0.9999, help="Momentum of the weights' average.")
    ] = None,
    augment: Annotated[
        bool | None, typer.Option(help="Off: faces as they are, neither moved, lit nor noisy.")
    ] = None,
    on_device: Annotated[
        bool, typer.Option(help="Turned, covered, dark, blurred and packed faces too.")
    ] = False,
    noise_share: NoiseShare = None,
    noise_max: NoiseMax = None,
    seed: Seed = None,
    precision: Precision = None,
    split: Annotated[
        str, typer.Option(help="official, or the papers' 80:20 by --seed.")
    ] = "official",
    resume: Resume = False,
) -> None:
    """Train a network for single faces on FER2013."""
    _check_kind(name, "face")
    from convert.datasets import face_set as faces
    from convert.datasets import fer2013

    whole = fer2013.load(data)
    training_stack()
    from convert import plots, zoo
    from convert.training import face as training

    asked = {
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "weight_decay": weight_decay,
        "label_smoothing": label_smoothing,
        "votes_share": votes_share,
        "align": align,
        "start": start,
        "teacher": teacher,
        "teacher_share": teacher_share,
        "nonface": nonface,
        "nonface_share": nonface_share,
        "average": average,
        "calm_epochs": calm_epochs,
        "seed": seed,
        "precision": precision,
    }
    noise = {"noise_share": noise_share, "noise_max": noise_max}
    settings = training.recipe(out, asked, noise, augment=augment, on_device=on_device)
    parts = faces.split(whole, split, settings.seed)
    with redirect_stdout(sys.stderr):
        history = training.train(zoo.architecture(name), *parts, out, settings, resume=resume)
    plots.history(history, out / "history.png")
    _print_best(out, history)


@app.command()
def speech(
    data: Ravdess,
    out: Out,
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(SPEECH)}.")] = SPEECH[0],
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    weight_decay: WeightDecay = None,
    label_smoothing: LabelSmoothing = None,
    mixup: Annotated[float | None, typer.Option(min=0, help="α of mixup.")] = None,
    noise: Noise = None,
    noise_share: NoiseShare = None,
    features: Annotated[
        str | None, typer.Option(help="log_mel or mfcc, and energy, f0: such as mfcc,f0.")
    ] = None,
    seed: Seed = None,
    precision: Precision = None,
    split: Annotated[str | None, typer.Option(help="speaker, or random.")] = None,
    fold: Annotated[str, typer.Option(help="1 to 5, or all one after another.")] = "all",
    hold_out: Annotated[
        str, typer.Option(help="Actors to test on (such as 1,7) in place of folds.")
    ] = "",
    resume: Resume = False,
) -> None:
    """Train a network for voices on RAVDESS, in folds that are judged when they are done."""
    _check_kind(name, "speech")
    training_stack()
    from convert.cli.speech import train_speech

    asked = {
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "weight_decay": weight_decay,
        "label_smoothing": label_smoothing,
        "mixup": mixup,
        "features": features,
        "seed": seed,
        "precision": precision,
        "split": split,
    }
    train_speech(
        name, data, out, asked, {"noise_share": noise_share}, fold, hold_out, noise, resume
    )


@app.command()
def video(
    data: Data,
    out: Out,
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(VIDEO)}.")] = VIDEO[0],
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    weight_decay: WeightDecay = None,
    label_smoothing: LabelSmoothing = None,
    votes_share: VotesShare = None,
    align: Align = None,
    start: Start = None,
    sequences: Annotated[
        int | None, typer.Option(min=1, help="Sequences made of stills, an epoch.")
    ] = None,
    frames: Annotated[
        int | None, typer.Option(min=2, help="Pictures of a sequence, to learn by short ones.")
    ] = None,
    noise_share: NoiseShare = None,
    noise_max: NoiseMax = None,
    seed: Seed = None,
    precision: Precision = None,
    resume: Resume = False,
) -> None:
    """Train a network for sequences of faces, which are made of FER2013's stills."""
    _check_kind(name, "video")
    training_stack()
    from convert.cli.video import train_video

    asked = {
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "weight_decay": weight_decay,
        "label_smoothing": label_smoothing,
        "votes_share": votes_share,
        "align": align,
        "start": start,
        "sequences": sequences,
        "frames": frames,
        "seed": seed,
        "precision": precision,
    }
    noise = {"noise_share": noise_share, "noise_max": noise_max}
    _print_best(out, train_video(name, data, out, asked, noise, resume))


def _check_kind(name: str, kind: str) -> None:
    """Raises UsageError where `name` is a network of another kind, with the command for it."""
    if kind_of(name) != kind:
        raise UsageError(
            f"{name} is no network for edge-convert train {kind}: "
            f"use edge-convert train {kind_of(name)}"
        )


def _print_best(out: Path, history: list[dict[str, float]]) -> None:
    best = max(history, key=lambda record: record["val_accuracy"])
    print(f"{out / 'best.keras'}: epoch {best['epoch']:g}, validation {best['val_accuracy']:.4f}")


@app.command()
def own(
    data: Annotated[Path, typer.Argument(help="A folder of pictures a label, or a csv.")],
    out: Out,
    epochs: Epochs = None,
    merge: Merge = None,
    faces: Faces = "find",
    start: Annotated[Path | None, typer.Option(help="The trained edge_net.keras.")] = None,
    resume: Resume = False,
) -> None:
    """Fine-tune edge_net on pictures of your own, with your labels; nobody is on two sides."""
    from convert.cli.own_data import examples_of

    examples = examples_of(data, merge)
    training_stack()
    from dataclasses import replace

    from convert.training.own import RECIPE, SPLIT_FILE, START, fine_tune

    settings = replace(RECIPE, epochs=epochs or RECIPE.epochs)
    with redirect_stdout(sys.stderr):
        done = fine_tune(examples, out, settings, faces=faces, start=start or START, resume=resume)
    for part, n in done.counts.items():
        print(f"{part:<11} {n:>6,} pictures of {done.persons[part]:,} persons")
    print(f"validation  {done.validation:.4f}")
    print(f"next: edge-convert import {out / 'best.keras'} --data {out / SPLIT_FILE}")
