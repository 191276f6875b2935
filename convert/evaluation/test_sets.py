"""What a network that sees is judged on: labelled faces, or courses made of them, in noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from convert.augmentation.image import noisy
from convert.datasets import Pictures, fer2013
from convert.datasets.synthetic_sequences import Motion, Stills, sequence_of_each
from edge.models import ModelCard

SEED = 7


@dataclass(frozen=True, slots=True)
class TestSets:
    """protocol: what they are, in words; `at` gives them at a level of the papers' noise."""

    protocol: str
    at: Callable[[float], Pictures]


def test_sets(card: ModelCard, data: Path, part: str) -> TestSets:
    """Those that the model of `card` can be given, of one part of FER2013.

    Raises DataError, MissingDataError, UsageError for another part.
    """
    faces = fer2013.load(data).part(part)
    if card.sequence is None:
        return TestSets(
            f"FER2013 {part}, {len(faces)} faces against the FER2013 labels",
            lambda level: replace(faces, images=noisy(faces.images, level)),
        )
    stills = Stills(faces, card.sequence, Motion())
    return TestSets(
        f"{len(faces)} courses made of FER2013 {part}, one to or from each still (moved, lit, "
        "blended; seed 7), against the FER2013 labels",
        lambda level: sequence_of_each(stills, SEED, level),
    )
