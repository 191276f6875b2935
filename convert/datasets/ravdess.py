"""RAVDESS, speech (Livingstone & Russo 2018): 24 actors, 8 emotions, 1,440 takes.

A take's name tells all: modality-channel-emotion-intensity-statement-repetition-actor.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.datasets import Provenance
from edge.errors import DataError, MissingDataError, UsageError

LABELS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
"""In the order of their codes, 01 to 08."""
PROVENANCE = Provenance(
    training_data="RAVDESS speech audio (Livingstone & Russo 2018)",
    licence="CC BY-NC-SA 4.0",
    terms=(
        "RAVDESS may be used for non-commercial purposes only, with credit and under the same "
        "licence, and so may this model, which was trained on it."
    ),
)
N_FOLDS = 5
N_ACTORS = 24
SPLITS = ("speaker", "random")
_SUFFIXES = (".flac", ".wav")
_MODALITIES = ("audio-video", "video", "audio")
_CHANNELS = ("speech", "song")
_INTENSITIES = ("normal", "strong")


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording; `statement` and `repetition` are 1 or 2, `actor` 1 to 24."""

    path: Path
    modality: str
    channel: str
    emotion: str
    intensity: str
    statement: int
    repetition: int
    actor: int

    @property
    def sex(self) -> str:
        return "male" if self.actor % 2 else "female"

    @property
    def label(self) -> int:
        """The emotion's place in `LABELS`."""
        return LABELS.index(self.emotion)


def parse(path: Path) -> Clip:
    """The take that a file's name tells of. Raises DataError where it is no RAVDESS name."""
    fields = path.stem.split("-")
    if len(fields) != 7 or not all(
        len(field) == 2 and field.isascii() and field.isdigit() for field in fields
    ):
        raise DataError(
            f"{path} is not named as RAVDESS names its takes: "
            "give it seven numbers of two digits, such as 03-01-06-01-02-01-12"
        )
    numbers = [int(field) for field in fields]
    limits = (
        ("modality", len(_MODALITIES)),
        ("channel", len(_CHANNELS)),
        ("emotion", len(LABELS)),
        ("intensity", len(_INTENSITIES)),
        ("statement", 2),
        ("repetition", 2),
        ("actor", N_ACTORS),
    )
    for number, (name, most) in zip(numbers, limits, strict=True):
        if not 1 <= number <= most:
            raise DataError(
                f"{path}: its name gives {name} {number:02}, which is not in 01..{most:02}: "
                "correct its name"
            )
    modality, channel, emotion, intensity, statement, repetition, actor = numbers
    return Clip(
        path,
        _MODALITIES[modality - 1],
        _CHANNELS[channel - 1],
        LABELS[emotion - 1],
        _INTENSITIES[intensity - 1],
        statement,
        repetition,
        actor,
    )


def clips(root: Path) -> list[Clip]:
    """Every spoken take with sound under `root`, by name.

    Songs are left out. Raises MissingDataError where there is none, DataError for a file
    whose name is wrong and for a take that is there twice.
    """
    found = root.rglob("*") if root.is_dir() else ()
    paths = sorted(path for path in found if path.suffix.lower() in _SUFFIXES)
    spoken = [take for take in map(parse, paths) if take.channel == "speech"]
    if not spoken:
        raise MissingDataError(
            f"there are no RAVDESS takes (.wav, .flac) under {root}: give the folder of "
            "Audio_Speech_Actors_01-24"
        )
    names = sorted(take.path.stem for take in spoken)
    for name, following in pairwise(names):
        if name == following:
            raise DataError(f"the take {name} is twice under {root}: remove one of them")
    return sorted(spoken, key=lambda take: take.path.stem)


def folds(actors: Iterable[int]) -> tuple[tuple[int, ...], ...]:
    """The actors of each of the five folds, men (odd) and women (even) spread evenly.

    Men are dealt out from the first fold on and women from the last, so that neither the
    folds' sizes nor the sexes within one differ by more than one.
    """
    known = sorted(set(actors))
    men = [actor for actor in known if actor % 2]
    women = [actor for actor in known if not actor % 2]
    if min(len(men), len(women)) < N_FOLDS:
        raise DataError(
            f"{len(known)} actors cannot be split into {N_FOLDS} folds with both sexes: "
            "give the whole of RAVDESS"
        )
    return tuple(
        tuple(sorted(men[fold::N_FOLDS] + women[N_FOLDS - 1 - fold :: N_FOLDS]))
        for fold in range(N_FOLDS)
    )


def test_mask(clips: Sequence[Clip], split: str, fold: int, seed: int) -> NDArray[np.bool_]:
    """Which takes test fold 1..5; the others train.

    "speaker": no actor is on both sides. "random": takes are dealt out whoever speaks, as
    many published figures are; a network then hears its test speakers in training.
    Raises UsageError for another split or fold.
    """
    if split not in SPLITS:
        raise UsageError(f"there is no split {split!r} of RAVDESS: choose {' or '.join(SPLITS)}")
    if not 1 <= fold <= N_FOLDS:
        raise UsageError(f"there is no fold {fold}: choose 1 to {N_FOLDS}")
    if split == "speaker":
        return of_actors(clips, folds(take.actor for take in clips)[fold - 1])
    order = np.random.default_rng(seed).permutation(len(clips))
    mask = np.zeros(len(clips), np.bool_)
    mask[order[fold - 1 :: N_FOLDS]] = True
    return mask


def of_actors(clips: Sequence[Clip], actors: Iterable[int]) -> NDArray[np.bool_]:
    """Which takes are of `actors`. Raises DataError where one of them has none."""
    wanted = set(actors)
    absent = wanted - {take.actor for take in clips}
    if absent:
        raise DataError(f"the data set has no take of actor {min(absent)}: give all of RAVDESS")
    return np.array([take.actor in wanted for take in clips], np.bool_)
