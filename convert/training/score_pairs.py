"""Pairs of a face's and a voice's scores of one emotion, made from people who never met.

FER2013's faces and RAVDESS's voices have nothing but the label in common, so a pair is a face
and a voice drawn each by itself. The only true pairs are RAVDESS's takes with faces
(`convert.datasets.ravdess_faces`): they are kept for judging.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from convert.datasets import Pictures
from convert.predict import predict
from edge.errors import DataError
from edge.models import Model
from edge.models.labels import SHARED, FusionInputs, shared


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """What a network said of samples that it was not trained on.

    scores: float32 (n, n_classes), in the order of the network's labels
    labels: uint8 (n,), the truth: an index into `SHARED`
    """

    scores: NDArray[np.float32]
    labels: NDArray[np.uint8]

    @classmethod
    def of(cls, model: Model, samples: Pictures) -> Self:
        names = [SHARED.index(shared(name)) for name in samples.label_names]
        return cls(predict(model, samples.images), np.array(names, np.uint8)[samples.labels])

    def where(self, mask: NDArray[np.bool_]) -> Scored:
        return Scored(self.scores[mask], self.labels[mask])


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Rows that a combiner takes: `images` uint8 (n, columns), `labels` uint8 (n,)."""

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    label_names: tuple[str, ...] = SHARED

    def __len__(self) -> int:
        return len(self.labels)


def draw(
    faces: Scored,
    voices: Scored,
    inputs: FusionInputs,
    n: int,
    rng: np.random.Generator,
    absent: float = 0.2,
) -> Pairs:
    """`n` pairs, each emotion as often as another; `absent` of them lack the face, as many the
    voice.

    Raises DataError where a sense has no sample of an emotion.
    """
    labels = rng.integers(0, len(SHARED), n).astype(np.uint8)
    face = _drawn(faces, labels, rng, "face")
    voice = _drawn(voices, labels, rng, "voice")
    lacking = rng.random(n)
    rows = [
        inputs.row(
            None if lack < absent else faces.scores[i],
            None if lack > 1 - absent else voices.scores[j],
        )
        for lack, i, j in zip(lacking, face, voice, strict=True)
    ]
    return Pairs(np.stack(rows), labels)


def _drawn(
    pool: Scored, labels: NDArray[np.uint8], rng: np.random.Generator, input_: str
) -> NDArray[np.int_]:
    chosen = np.empty(len(labels), np.int_)
    for label in np.unique(labels):
        there = np.flatnonzero(pool.labels == label)
        if not len(there):
            raise DataError(f"no {input_} is {SHARED[label]}: give the whole data set")
        wanted = labels == label
        chosen[wanted] = rng.choice(there, int(wanted.sum()))
    return chosen
