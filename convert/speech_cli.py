"""What edge-convert does where the network hears: training in folds, and judging them."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from edge.errors import UsageError


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
    """Train `name` and print each fold's figures; noise is looked for beside the data set.

    Raises UsageError for an option that is for faces only.
    """
    from convert import speech_recipe, train_speech, zoo

    known = speech_recipe.SpeechSettings.__slots__
    for option, value in asked.items():
        if value is not None and option not in known:
            raise UsageError(f"--{option.replace('_', '-')} is for faces: leave it out for {name}")
    given = {option: value for option, value in asked.items() if option in known}
    if given.get("features") is not None:
        given["features"] = speech_recipe.heard(given["features"])
    settings = speech_recipe.recipe(out, given, augmentation)
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
    from convert import judge_speech

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
    from convert.datasets import ravdess, voices
    from convert.quantize import QuantizeSettings, quantize
    from convert.speech_recipe import features_of, hearing, numbers_in

    takes = ravdess.takes(data)
    if hold_out:
        kept = ~ravdess.of_actors(takes, numbers_in(hold_out))
        takes = [takes[i] for i in np.flatnonzero(kept)]
    features = features_of(keras_file)
    training = voices.load(takes, features)
    # The noise of these settings is a camera's.
    settings = QuantizeSettings(images=images, noise_share=0, seed=seed)
    architecture = hearing(zoo.architecture(name), features)
    quantize(
        keras_file, architecture, training, out, settings, training.settings, training.provenance
    )


def write_figures(model: Path, judged: dict[str, Any]) -> None:
    """Put the folds' mean figures on the card of `model`, each with its protocol."""
    from convert.card import card_of
    from edge.models import Figure, write_card

    conditions = zip(*(fold["conditions"] for fold in judged["folds"]), strict=True)
    figures = []
    for folds in conditions:
        snr_db = folds[0]["snr_db"]
        suffix = "" if snr_db is None else f" at {snr_db:g} dB SNR"
        protocol = (
            f"RAVDESS speech, {len(folds)} folds by {judged['split']}: the mean of their networks, "
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
