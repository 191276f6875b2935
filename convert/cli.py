"""edge-convert: train, quantize, verify, inspect, card, data. TensorFlow is imported on use."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from convert.zoo import SPEECH
from edge.command import run_app
from edge.errors import MissingPackageError, UsageError
from edge.quiet import quiet_stderr

if TYPE_CHECKING:
    from collections.abc import Callable

app = typer.Typer(
    help="Train emotion networks, convert them to int8 and verify what that cost.",
    no_args_is_help=True,
    add_completion=False,
)

Data = Annotated[Path, typer.Option(help="FER2013: fer2013.csv, .npz, or its class folders.")]
AnyData = Annotated[Path, typer.Option(help="FER2013, or for a speech network RAVDESS's folder.")]
Keras = Annotated[Path, typer.Argument(help="A trained network: best.keras of a run.")]
Tflite = Annotated[Path, typer.Argument(help="An int8 .tflite with its card (.json) beside it.")]
Json = Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")]
Part = Annotated[str, typer.Option(help="PrivateTest is the test split; PublicTest validates.")]
MayLose = Annotated[float, typer.Option(min=0, max=1, help="Accuracy that int8 may cost.")]
MustAgree = Annotated[float, typer.Option(min=0, max=1, help="Faces they must agree on.")]
Share = typer.Option(min=0, max=1)


@app.command()
def train(
    name: Annotated[str, typer.Argument(help="The network: cnn, cnn_lstm or audio_crnn.")],
    data: AnyData,
    out: Annotated[Path, typer.Option(help="The run's folder.")],
    epochs: Annotated[int | None, typer.Option(min=1)] = None,
    batch_size: Annotated[int | None, typer.Option(min=1)] = None,
    learning_rate: Annotated[float | None, typer.Option(min=0, help="Its peak.")] = None,
    weight_decay: Annotated[float | None, typer.Option(min=0)] = None,
    label_smoothing: Annotated[float | None, Share] = None,
    votes_share: Annotated[float | None, Share] = None,
    align: Annotated[
        bool | None, typer.Option(help="Read votes and teacher in the labels' terms.")
    ] = None,
    start: Annotated[str | None, typer.Option(help="A trained .keras to go on from.")] = None,
    teacher: Annotated[str | None, typer.Option(help="A trained .keras to learn from too.")] = None,
    teacher_share: Annotated[float | None, Share] = None,
    calm_epochs: Annotated[
        int | None, typer.Option(min=0, help="So many at the end are augmented less.")
    ] = None,
    noise_share: Annotated[float | None, Share] = None,
    noise_max: Annotated[float | None, Share] = None,
    seed: Annotated[int | None, typer.Option(min=0)] = None,
    precision: Annotated[str | None, typer.Option(help="auto, float32, mixed_bfloat16")] = None,
    split: Annotated[
        str | None,
        typer.Option(
            help="Faces: official, or the papers' 80:20 by --seed. Voices: speaker, or random."
        ),
    ] = None,
    fold: Annotated[str, typer.Option(help="Voices: 1 to 5, or all one after another.")] = "all",
    hold_out: Annotated[
        str, typer.Option(help="Voices: actors to test on (such as 1,7) in place of folds.")
    ] = "",
    noise: Annotated[
        Path | None, typer.Option(help="Voices: a folder of background noise to train in.")
    ] = None,
    mixup: Annotated[float | None, typer.Option(min=0, help="Voices: α of mixup.")] = None,
    resume: Annotated[bool, typer.Option(help="Go on with the run in --out.")] = False,
) -> None:
    """Train a network; after every epoch its folder is whole, and --resume goes on from there."""
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
        "calm_epochs": calm_epochs,
        "seed": seed,
        "precision": precision,
    }
    if name in SPEECH:
        _training_stack()
        from convert.speech_cli import train_speech

        asked |= {"mixup": mixup, "split": split, "noise_max": noise_max}
        drawn = {"noise_share": noise_share}
        train_speech(name, data, out, asked, drawn, fold, hold_out, noise, resume)
        return
    if name == "fusion":
        raise UsageError("the combiner is trained by edge-convert fuse: use that")
    from convert.datasets import faces, fer2013

    whole = fer2013.load(data)
    _training_stack()
    from convert import plots, train, zoo

    drawn = {"noise_share": noise_share, "noise_max": noise_max}
    settings = train.recipe(out, asked, drawn)
    parts = faces.split(whole, split or "official", settings.seed)
    with redirect_stdout(sys.stderr):
        history = train.train(zoo.architecture(name), *parts, out, settings, resume=resume)
    plots.history(history, out / "history.png")
    best = max(history, key=lambda record: record["val_accuracy"])
    print(f"{out / 'best.keras'}: epoch {best['epoch']}, validation {best['val_accuracy']:.4f}")


@app.command()
def quantize(
    keras: Keras,
    data: AnyData,
    out: Annotated[Path, typer.Option(help="The .tflite to write; its card goes beside it.")],
    network: Annotated[str, typer.Option(help="Its name, where the file does not say.")] = "",
    images: Annotated[int, typer.Option(min=1, help="Training faces to calibrate on.")] = 500,
    noise_share: Annotated[float, Share] = 0.3,
    seed: Annotated[int, typer.Option(min=0)] = 7,
    margin: Annotated[float, typer.Option(help="What the device adds around a face.")] = 0.0,
    hold_out: Annotated[
        str, typer.Option(help="Voices: the actors that it was not trained on, such as 1,7.")
    ] = "",
    float32: Annotated[
        bool, typer.Option("--float", help="Write the float32 .tflite too, beside it.")
    ] = False,
) -> None:
    """Convert a trained network to int8 throughout, with its metadata and its card."""
    from convert.datasets import fer2013
    from convert.quantize import QuantizeSettings, network_name, quantize, to_float
    from edge.settings import PreprocessSettings

    name = network or network_name(keras)
    if name in SPEECH:
        _training_stack()
        from convert.speech_cli import quantize_speech

        quantize_speech(keras, name, data, out, hold_out, images, seed)
    else:
        training = fer2013.load(data).part("Training")
        _training_stack()
        from convert import zoo

        settings = QuantizeSettings(images=images, noise_share=noise_share, seed=seed)
        preprocessing = PreprocessSettings(margin=margin)
        quantize(keras, zoo.architecture(name), training, out, settings, preprocessing)
    print(f"{out}: {out.stat().st_size:,} bytes, int8 throughout")
    if float32:
        beside = out.with_name(f"{out.stem}_float32.tflite")
        to_float(keras, out, beside)
        print(f"{beside}: {beside.stat().st_size:,} bytes, float32")


@app.command()
def verify(
    model: Tflite,
    keras: Keras,
    data: Data,
    part: Part = "PrivateTest",
    noise: Annotated[bool, typer.Option(help="All ten levels of the papers, not 0.3 only.")] = (
        False
    ),
    max_accuracy_lost: MayLose = 0.010,
    min_agreement: MustAgree = 0.97,
    layers: Annotated[int, typer.Option(min=0, help="How many of the noisiest to list.")] = 8,
    plots: Annotated[Path | None, typer.Option(help="A folder for confusion matrices.")] = None,
    as_json: Json = False,
) -> int:
    """Compare int8 with float on the test split; exit 1 where it lost too much."""
    from convert.augment import NOISE_LEVELS
    from convert.judge import judge
    from convert.validate import Limits

    levels = (0.0, *(NOISE_LEVELS if noise else NOISE_LEVELS[-1:]))
    limits = Limits(max_accuracy_lost, min_agreement)
    with _progress("comparing") as progress:
        verdict = judge(model, keras, data, part, levels, limits, progress)
    if plots is not None:
        verdict.draw(plots)
    _print(verdict.as_dict(layers), verdict.lines(layers), as_json)
    for sentence in verdict.broken:
        print(f"edge-convert: {sentence}", file=sys.stderr)
    return 1 if verdict.broken else 0


@app.command()
def card(
    model: Tflite,
    keras: Keras,
    data: Data,
    part: Part = "PrivateTest",
    max_accuracy_lost: MayLose = 0.010,
    min_agreement: MustAgree = 0.97,
    as_json: Json = False,
) -> int:
    """Verify at every noise level and write the figures on the model's card."""
    from convert.augment import NOISE_LEVELS
    from convert.card import card_of, figures
    from convert.judge import judge
    from convert.validate import Limits
    from edge.models import write_card

    limits = Limits(max_accuracy_lost, min_agreement)
    with _progress("comparing") as progress:
        verdict = judge(model, keras, data, part, (0.0, *NOISE_LEVELS), limits, progress)
    for sentence in verdict.broken:
        print(f"edge-convert: {sentence}: the card stays as it was", file=sys.stderr)
    if verdict.broken:
        return 1
    written = card_of(model, figures(verdict.comparisons, part))
    write_card(written, model.with_suffix(".json"))
    lines = (f"{figure.value:.4f}  {figure.name}" for figure in written.figures)
    _print(written.model_dump(mode="json"), lines, as_json)
    return 0


@app.command()
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
    _training_stack()
    from convert.speech_cli import judge

    figures, lines, broken = judge(run, data, noise, max_lost)
    _print(figures, lines, as_json)
    for sentence in broken:
        print(f"edge-convert: {sentence}", file=sys.stderr)
    if broken:
        return 1
    if card is not None:
        from convert.speech_cli import write_figures

        write_figures(card, figures)
    return 0


@app.command()
def fuse(
    faces: Annotated[Path, typer.Option(help="FER2013, as for train.")],
    voices: Annotated[Path, typer.Option(help="RAVDESS's folder.")],
    true_pairs: Annotated[Path, typer.Option(help="An .npz of RAVDESS takes with faces.")],
    fold: Annotated[
        Path, typer.Option(help="The judged fold of a speech run that tests the takes' actor.")
    ],
    out: Annotated[Path, typer.Option(help="The .tflite to write; its card goes beside it.")],
    run: Annotated[Path, typer.Option(help="The folder of the combiner's run.")],
    face_model: Annotated[str, typer.Option(help="A model's name or path.")] = "cnn_lstm",
    speech_model: Annotated[str, typer.Option(help="One that never heard the takes' actor.")] = (
        "audio_crnn"
    ),
    as_json: Json = False,
) -> None:
    """Train the combiner of face and voice on made-up pairs, and judge it on true ones."""
    _training_stack()
    from convert import fusion_cli
    from convert.train_fusion import FusionSettings

    verdict = fusion_cli.fuse(
        faces, voices, true_pairs, fold, face_model, speech_model, out, run, FusionSettings()
    )
    _print(verdict.as_dict(), verdict.lines(), as_json)


@app.command()
def inspect(
    model: Annotated[Path, typer.Argument(help="Any .tflite.")], as_json: Json = False
) -> None:
    """List a .tflite's operators, tensors, MACs, size and metadata; nothing is run."""
    from convert.inspect import inspect
    from convert.report import inspection_lines

    found = inspect(model)
    _print(found.as_dict(), inspection_lines(found), as_json)


@app.command()
def data(
    path: Annotated[Path, typer.Argument(help="fer2013.csv, .npz, or its class folders.")],
    as_json: Json = False,
) -> None:
    """Check a data set: its parts, its classes, and its exact duplicates."""
    from convert.datasets import faces, fer2013
    from convert.report import data_figures, data_lines

    whole = fer2013.load(path)
    figures = data_figures(whole, faces.duplicates(whole))
    _print(figures, data_lines(figures), as_json)


def main() -> int:
    return run_app(app, "edge-convert")


def _print(figures: dict[str, Any], lines: Iterable[str], as_json: bool) -> None:
    print(json.dumps(figures, indent=2) if as_json else "\n".join(lines))


def _training_stack() -> None:
    """Import Keras and its backend without their chatter. Raises MissingPackageError."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # TensorFlow leaves oneDNN off on CPUs without AVX-512, where it trains 1.5 times as fast too.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    try:
        with quiet_stderr():  # TensorFlow greets there whatever its log level is
            import keras  # noqa: F401  # so that it is there, or said to be missing, before use
    except ImportError as error:
        raise MissingPackageError(
            f"the training stack is not installed ({error}): pip install 'emotion-edge[convert]'"
        ) from error


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error; what it yields is told the total once and each lot done."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    with Bar(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)

        def step(done: int, total: int) -> None:
            bar.update(task, advance=done, total=total)

        yield step


if __name__ == "__main__":
    raise SystemExit(main())
