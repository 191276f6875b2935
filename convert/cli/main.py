"""edge-convert: train, quantize, verify, inspect, card, data. TensorFlow is imported on use."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated

import typer

from convert.cli import comparison, cross_dataset, feature_maps, speech
from convert.cli.console import print_figures, progress_bar, training_stack
from convert.cli.options import (
    AnyData,
    Clips,
    Data,
    Json,
    Keras,
    MayLose,
    MustAgree,
    Part,
    Share,
    Tflite,
)
from convert.zoo import COMBINERS, SPEECH, VIDEO
from convert.zoo import names as zoo_names
from edge.cli.app import run_app
from edge.errors import UsageError

app = typer.Typer(
    help="Train emotion networks, convert them to int8 and verify what that cost.",
    no_args_is_help=True,
    add_completion=False,
)


@app.command()
def train(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(zoo_names())}.")],
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
    augment: Annotated[
        bool | None, typer.Option(help="Off: faces as they are, neither moved, lit nor noisy.")
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
    features: Annotated[
        str | None, typer.Option(help="Voices: log_mel or mfcc, and energy, f0: such as mfcc,f0.")
    ] = None,
    mixup: Annotated[float | None, typer.Option(min=0, help="Voices: α of mixup.")] = None,
    sequences: Annotated[
        int | None, typer.Option(min=1, help="Video: courses made of stills, an epoch.")
    ] = None,
    frames: Annotated[
        int | None, typer.Option(min=2, help="Video: pictures of a course, to learn by short ones.")
    ] = None,
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
        training_stack()
        from convert.cli.speech import train_speech

        asked |= {"features": features, "mixup": mixup, "split": split, "noise_max": noise_max}
        drawn = {"noise_share": noise_share}
        train_speech(name, data, out, asked, drawn, fold, hold_out, noise, resume)
        return
    if name in VIDEO:
        training_stack()
        from convert.cli.video import train_video

        asked |= {"sequences": sequences, "frames": frames, "split": split}
        drawn = {"noise_share": noise_share, "noise_max": noise_max}
        train_video(name, data, out, asked, drawn, resume)
        return
    if name in COMBINERS:
        raise UsageError("the combiner is trained by edge-convert fuse: use that")
    from convert.datasets import face_set as faces
    from convert.datasets import fer2013

    whole = fer2013.load(data)
    training_stack()
    from convert import plots, zoo
    from convert.training import face as train

    drawn = {"noise_share": noise_share, "noise_max": noise_max}
    settings = train.recipe(out, asked, drawn, augment=augment)
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
    from convert.conversion.quantize import QuantizeSettings, network_name, quantize, to_float
    from convert.datasets import fer2013
    from edge.settings.sections import PreprocessSettings

    name = network or network_name(keras)
    if name in SPEECH:
        training_stack()
        from convert.cli.speech import quantize_speech

        quantize_speech(keras, name, data, out, hold_out, images, seed)
    elif name in VIDEO:
        training_stack()
        from convert.cli.video import quantize_video

        quantize_video(keras, name, data, out, images, seed)
    else:
        training = fer2013.load(data).part("Training")
        training_stack()
        from convert import zoo
        from convert.training.provenance import of_faces

        settings = QuantizeSettings(images=images, noise_share=noise_share, seed=seed)
        preprocessing = PreprocessSettings(margin=margin)
        learned_from = of_faces(keras)
        quantize(
            keras, zoo.architecture(name), training, out, settings, preprocessing, learned_from
        )
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
    clips: Clips = None,
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
    from convert.augmentation.image import NOISE_LEVELS
    from convert.evaluation.compare import Limits
    from convert.evaluation.verify import judge

    levels = (0.0, *(NOISE_LEVELS if noise else NOISE_LEVELS[-1:]))
    limits = Limits(max_accuracy_lost, min_agreement)
    with progress_bar("comparing") as progress:
        verdict = judge(model, keras, data, part, levels, limits, progress, clips)
    if plots is not None:
        verdict.draw(plots)
    print_figures(verdict.as_dict(layers), verdict.lines(layers), as_json)
    for sentence in verdict.broken:
        print(f"edge-convert: {sentence}", file=sys.stderr)
    return 1 if verdict.broken else 0


@app.command()
def card(
    model: Tflite,
    keras: Keras,
    data: Data,
    part: Part = "PrivateTest",
    clips: Clips = None,
    max_accuracy_lost: MayLose = 0.010,
    min_agreement: MustAgree = 0.97,
    as_json: Json = False,
) -> int:
    """Verify at every noise level and write the figures on the model's card."""
    from convert.augmentation.image import NOISE_LEVELS
    from convert.conversion.card import card_of
    from convert.evaluation.card_figures import figures, figures_on_clips
    from convert.evaluation.compare import Limits
    from convert.evaluation.verify import judge
    from edge.models import write_card

    limits = Limits(max_accuracy_lost, min_agreement)
    with progress_bar("comparing") as progress:
        verdict = judge(model, keras, data, part, (0.0, *NOISE_LEVELS), limits, progress, clips)
    for sentence in verdict.broken:
        print(f"edge-convert: {sentence}: the card stays as it was", file=sys.stderr)
    if verdict.broken:
        return 1
    found = figures(verdict.comparisons, verdict.protocol)
    if verdict.on_clips is not None:
        found += figures_on_clips(verdict.on_clips)
    written = card_of(model, found)
    write_card(written, model.with_suffix(".json"))
    lines = (f"{figure.value:.4f}  {figure.name}" for figure in written.figures)
    print_figures(written.model_dump(mode="json"), lines, as_json)
    return 0


speech.add_to(app)
feature_maps.add_to(app)
cross_dataset.add_to(app)
comparison.add_to(app)


@app.command()
def inspect(
    model: Annotated[Path, typer.Argument(help="Any .tflite.")], as_json: Json = False
) -> None:
    """List a .tflite's operators, tensors, MACs, size and metadata; nothing is run."""
    from convert.conversion.inspect import inspect
    from convert.evaluation.text import inspection_lines

    found = inspect(model)
    print_figures(found.as_dict(), inspection_lines(found), as_json)


@app.command()
def data(
    path: Annotated[Path, typer.Argument(help="fer2013.csv, .npz, or its class folders.")],
    as_json: Json = False,
) -> None:
    """Check a data set: its parts, its classes, and its exact duplicates."""
    from convert.datasets import face_set as faces
    from convert.datasets import fer2013
    from convert.evaluation.text import data_figures, data_lines

    whole = fer2013.load(path)
    figures = data_figures(whole, faces.duplicates(whole))
    print_figures(figures, data_lines(figures), as_json)


def main() -> int:
    return run_app(app, "edge-convert")


if __name__ == "__main__":
    raise SystemExit(main())
