"""edge-convert: train, quantize, verify, inspect, card, data. TensorFlow is imported on use."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from convert.cli import (
    comparison,
    corpora,
    cross_dataset,
    feature_maps,
    import_network,
    speech,
    teaching,
    train,
)
from convert.cli.console import print_figures, progress_bar, training_stack
from convert.cli.import_network import Faces, Merge
from convert.cli.options import (
    AnyData,
    Clips,
    Data,
    Json,
    Keras,
    MayLose,
    MustAgree,
    OutTflite,
    Part,
    Share,
    Tflite,
    VerifyData,
    VerifyKeras,
)
from convert.cli.own_data import verify_own
from convert.zoo import SPEECH, VIDEO
from edge.cli.app import run_app
from edge.cli.outputs import Force
from edge.errors import UsageError

app = typer.Typer(
    help="Train emotion networks, convert them to int8 and verify what that cost.",
    no_args_is_help=True,
    add_completion=False,
)


train.app.command("fusion")(speech.fuse)
app.add_typer(train.app, name="train")


@app.command()
def quantize(
    keras: Keras,
    data: AnyData,
    out: OutTflite,
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
    force: Force = False,
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
    data: VerifyData,
    keras: VerifyKeras = None,
    part: Part = "PrivateTest",
    clips: Clips = None,
    faces: Faces = "find",
    merge: Merge = None,
    noise: Annotated[bool, typer.Option(help="All ten levels of the papers, not 0.3 only.")] = (
        False
    ),
    max_accuracy_lost: MayLose = 0.010,
    min_agreement: MustAgree = 0.97,
    passport: Annotated[
        bool, typer.Option(help="Your own data: in noise, low light, covered, turned … too.")
    ] = False,
    layers: Annotated[int, typer.Option(min=0, help="How many of the noisiest to list.")] = 8,
    plots: Annotated[
        Path | None, typer.Option(writable=True, help="A folder for confusion matrices.")
    ] = None,
    as_json: Json = False,
    force: Force = False,
) -> int:
    """Judge a network on labelled pictures, against its float32 where there is KERAS.

    Exit 1 where int8 lost too much, or the network is at chance, without its softmax, or has its
    labels in another order.
    """
    if keras is None:
        return verify_own(model, data, faces, merge, passport, as_json)
    if passport:
        raise UsageError(
            "--passport is of your own data: leave KERAS out (cards: edge-convert card)"
        )
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
    nonface: Annotated[
        Path | None, typer.Option(help="Faces: an .npz of patches without one, judged too.")
    ] = None,
    max_accuracy_lost: MayLose = 0.010,
    min_agreement: MustAgree = 0.97,
    as_json: Json = False,
) -> int:
    """Verify at every noise level, calibrate, and write the figures on the model's card."""
    from convert.augmentation.image import NOISE_LEVELS
    from convert.conversion.card import card_of
    from convert.evaluation.calibration import calibrated
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
    written = calibrated(model, card_of(model, found), data, nonface)
    write_card(written, model.with_suffix(".json"))
    lines = (f"{figure.value:.4f}  {figure.name}" for figure in written.figures)
    print_figures(written.model_dump(mode="json"), lines, as_json)
    return 0


speech.add_to(app)
corpora.add_to(app)
feature_maps.add_to(app)
cross_dataset.add_to(app)
import_network.add_to(app)
comparison.add_to(app)
teaching.add_to(app)


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
