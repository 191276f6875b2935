"""The commands of voices: training in folds, judging them, the combiner of face and voice."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated, Any

import typer

from convert.cli.console import print_figures, training_stack
from convert.cli.options import Json, OutTflite
from edge.cli.outputs import Force


def train_speech(
    name: str,
    data: Path,
    out: Path,
    asked: dict[str, Any],
    augmentation: dict[str, Any],
    fold: str,
    hold_out: str,
    noise: Path | None,
    resume: bool,
) -> None:
    """Train `name` and print each fold's figures; noise is looked for beside the data set."""
    from convert import zoo
    from convert.training import speech as train_speech
    from convert.training import speech_settings as speech_recipe

    if asked.get("features") is not None:
        asked = {**asked, "features": speech_recipe.parse_features(asked["features"])}
    settings = speech_recipe.recipe(out, asked, augmentation)
    tests = speech_recipe.tests_of(fold, hold_out)
    folder = noise or _beside(data)
    if folder is None and settings.augmentation.noise_share:
        print("there is no noise beside the data: training without (--noise)", file=sys.stderr)
    with redirect_stdout(sys.stderr):
        results = train_speech.train(
            zoo.architecture(name), data, folder, out, settings, tests, resume=resume
        )
    for result in results:
        actors = ", ".join(f"{actor:02}" for actor in result.actors)
        print(
            f"{out / result.name / 'best.keras'}: UAR {result.scores.uar:.4f}, "
            f"accuracy {result.scores.accuracy:.4f} ({settings.split} split; actors {actors})"
        )
    if len(results) > 1:
        mean = sum(result.scores.uar for result in results) / len(results)
        print(f"mean UAR of {len(results)} folds: {mean:.4f}")


def judge(
    run: Path, data: Path, noise: Path | None, max_lost: float
) -> tuple[dict[str, Any], list[str], list[str]]:
    """The folds' figures, as lines too, and a sentence where int8 loses more than it may."""
    from convert.evaluation import speech_folds as judge_speech

    def progress(name: str) -> None:
        print(f"{name} judged", file=sys.stderr)

    verdicts = judge_speech.judge_folds(run, data, noise or _beside(data), progress=progress)
    lost = sum(v.comparisons[0].float32.uar - v.comparisons[0].int8.uar for v in verdicts)
    lost /= len(verdicts)
    broken = []
    if lost > max_lost:
        broken = [f"int8 loses {lost:.2%} of recall and may lose {max_lost:.2%}"]
    figures = {
        "run": str(run),
        "split": judge_speech.split_of(run),
        "folds": [verdict.as_dict() for verdict in verdicts],
        "int8_lost": lost,
        "broken": broken,
    }
    return figures, list(judge_speech.lines(verdicts)), broken


def quantize_speech(
    keras_file: Path, name: str, data: Path, out: Path, hold_out: str, images: int, seed: int
) -> None:
    """Convert a speech network that was trained on all actors but those of `hold_out`."""
    import numpy as np

    from convert import zoo
    from convert.conversion.quantize import QuantizeSettings, quantize
    from convert.datasets import ravdess
    from convert.datasets import speech_set as voices
    from convert.training.speech_settings import features_of, numbers_in, with_features

    clips = ravdess.clips(data)
    if hold_out:
        kept = ~ravdess.of_actors(clips, numbers_in(hold_out))
        clips = [clips[i] for i in np.flatnonzero(kept)]
    features = features_of(keras_file)
    training = voices.load(clips, features)
    # The noise of these settings is a camera's.
    settings = QuantizeSettings(images=images, noise_share=0, seed=seed)
    architecture = with_features(zoo.architecture(name), features)
    quantize(
        keras_file, architecture, training, out, settings, training.settings, training.provenance
    )


def write_figures(model: Path, verdicts: dict[str, Any]) -> None:
    """Put the folds' mean figures on the card of `model`, each with its protocol."""
    from convert.conversion.card import card_of
    from edge.models import Figure, write_card

    conditions = zip(*(fold["conditions"] for fold in verdicts["folds"]), strict=True)
    figures = []
    for folds in conditions:
        snr_db = folds[0]["snr_db"]
        suffix = "" if snr_db is None else f" at {snr_db:g} dB SNR"
        protocol = (
            f"RAVDESS speech, {len(folds)} folds by {verdicts['split']}: the mean of their "
            "networks, "
            "each judged on takes it was not trained on, the loudest window of a take; this file "
            "is one more network of the same recipe"
        )
        if suffix:
            protocol += "; real background noise mixed in at that SNR"
        for kind in ("int8 uar", "float32 uar", "int8 accuracy", "float32 accuracy"):
            values = [fold[kind.replace(" ", "_")] for fold in folds]
            shown = kind.replace("uar", "UAR")
            value = round(sum(values) / len(values), 4)
            figures.append(Figure(name=shown + suffix, value=value, protocol=protocol))
    write_card(card_of(model, tuple(figures)), model.with_suffix(".json"))


def _beside(data: Path) -> Path | None:
    folder = data.resolve().parent / "noise"
    return folder if folder.is_dir() else None


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
    figures, lines, broken = judge(run, data, noise, max_lost)
    print_figures(figures, lines, as_json)
    for sentence in broken:
        print(f"edge-convert: {sentence}", file=sys.stderr)
    if broken:
        return 1
    if card is not None:
        write_figures(card, figures)
    return 0


def fuse(
    faces: Annotated[Path, typer.Option(help="FER2013, as for train.")],
    voices: Annotated[Path, typer.Option(help="RAVDESS's folder.")],
    true_pairs: Annotated[Path, typer.Option(help="An .npz of RAVDESS takes with faces.")],
    fold: Annotated[
        Path, typer.Option(help="The judged fold of a speech run that tests the takes' actor.")
    ],
    out: OutTflite,
    run: Annotated[Path, typer.Option(writable=True, help="The folder of the combiner's run.")],
    face_model: Annotated[str, typer.Option(help="A model's name or path.")] = "edge_net",
    speech_model: Annotated[str, typer.Option(help="One that never heard the takes' actor.")] = (
        "audio_crnn"
    ),
    as_json: Json = False,
    force: Force = False,
) -> None:
    """Train the combiner of face and voice on made-up pairs, and judge it on true ones."""
    training_stack()
    from convert.cli import fusion as fusion_cli
    from convert.training.fusion import FusionSettings

    verdict = fusion_cli.fuse(
        faces, voices, true_pairs, fold, face_model, speech_model, out, run, FusionSettings()
    )
    print_figures(verdict.as_dict(), verdict.lines(), as_json)


def add_to(app: typer.Typer) -> None:
    app.command()(folds)
    app.command()(fuse)
