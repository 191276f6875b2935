"""Test voices for the accuracy suites: RAVDESS takes of speakers that a model has not heard."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmarks.plan import Plan
from convert.datasets import noise, ravdess
from convert.datasets import speech_set as voices
from convert.datasets.noise import Noise
from convert.datasets.ravdess import Clip
from convert.datasets.speech_set import Voices
from edge.errors import DataError, MissingDataError

if TYPE_CHECKING:
    from edge.models import Model

Samples = NDArray[np.float32]
_ACTORS = re.compile(r"\bactors? (\d\d(?:, \d\d)*)")


def test_clips(plan: Plan, model: Model, *, quick: int) -> list[Clip]:
    """Those of actors that the model's card does not name; in a quick run `quick` of them, drawn
    by the plan's seed, with at least one of each class.

    Raises MissingDataError without RAVDESS in `--data`, DataError where no actor is left or a
    class has no take.
    """
    if plan.data is None:
        raise MissingDataError("no voices to measure on: give a folder with ravdess in it, --data")
    known_actors = training_actors(model)
    clips = [clip for clip in ravdess.clips(_folder(plan.data)) if clip.actor not in known_actors]
    if not clips:
        raise DataError(
            f"{model.card.name} was trained on every actor in {plan.data}: judge its folds with "
            "edge-convert folds"
        )
    there = {clip.emotion for clip in clips}
    for emotion in ravdess.LABELS:
        if emotion not in there:
            raise DataError(
                f"{plan.data} has no {emotion} take of an actor that {model.card.name} has not "
                "heard: give all of RAVDESS"
            )
    return _drawn(clips, quick, plan.seed) if plan.quick and len(clips) > quick else clips


def training_actors(model: Model) -> set[int]:
    """The RAVDESS actors that the card says it was trained on."""
    found = _ACTORS.search(model.card.training_data)
    return {int(number) for number in found[1].split(", ")} if found else set()


def recordings(plan: Plan, sample_rate_hz: int) -> list[Noise]:
    """The halves that no training heard, of every recording in the data's folder `noise`.

    Raises MissingDataError where there is none.
    """
    return noise.load((plan.data or Path()) / "noise", "test", sample_rate_hz)


def as_they_are(clips: list[Clip], model: Model) -> Voices:
    return voices.load(clips, model.card.features)


def in_noise(clips: list[Clip], model: Model, background: Noise, snr_db: float) -> Voices:
    """The takes with a stretch of `background`, the same for every model and run."""

    def mixed(samples: Samples, number: int) -> Samples:
        code = int(clips[number].path.stem.replace("-", ""))
        rng = np.random.default_rng((round(snr_db) + 100, code))
        return noise.mix(samples, noise.segment(background.samples, len(samples), rng), snr_db)

    change: Callable[[Samples, int], Samples] = mixed
    return voices.load(clips, model.card.features, change=change)


def _folder(data: Path) -> Path:
    """`data`, or `ravdess` in it: one folder may hold what several suites need."""
    folder = data / "ravdess"
    if folder.is_dir():
        return folder
    if data.is_dir() and any(data.glob("Actor_*")):
        return data
    raise MissingDataError(f"there are no voices in {data}: give a folder with ravdess in it")


def _drawn(clips: list[Clip], count: int, seed: int) -> list[Clip]:
    order = np.random.default_rng(seed).permutation(len(clips))
    labels = np.array([clips[number].label for number in order])
    first_of_each = np.unique(labels, return_index=True)[1]
    others = np.setdiff1d(np.arange(len(order)), first_of_each)
    chosen = [*first_of_each, *others][:count]
    return [clips[number] for number in np.sort(order[chosen])]
