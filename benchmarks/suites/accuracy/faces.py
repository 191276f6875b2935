"""Test faces for the accuracy suites, and what a model makes of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmarks.plan import Plan
from convert.datasets import Pictures
from convert.datasets.face_set import FaceSet
from convert.datasets.fer2013 import load
from convert.metrics import ClassScores, class_scores
from convert.predict import predict
from edge.errors import DataError, MissingDataError

if TYPE_CHECKING:
    from edge.models import Model


_DEFAULT_PLACES = ("fer2013.npz", "fer2013.csv", "fer2013/fer2013.npz", "fer2013/fer2013.csv")
# What other suites look for in the same folder.
_OTHERS = ("ravdess", "noise", "video")


class Steps:
    """Counts pictures for the plan's progress."""

    def __init__(self, plan: Plan, total: int) -> None:
        self._progress = plan.progress
        self._total = total
        self._done = 0

    def __call__(self, pictures: int) -> None:
        self._done += pictures
        self._progress(self._done, self._total)


def test_faces(plan: Plan, usage: str, *, quick: int) -> FaceSet:
    """One part of FER2013; in a quick run `quick` of its faces, drawn by the plan's seed, with
    at least one of each class.

    Raises MissingDataError without `--data`, DataError where a class has no face.
    """
    if plan.data is None:
        raise MissingDataError("no data set to measure on: give FER2013 with --data fer2013.csv")
    faces = load(_fer2013(plan.data)).part(usage)
    for number, name in enumerate(faces.label_names):
        if not (faces.labels == number).any():
            raise DataError(f"{plan.data} has no {name} face in {usage}: give the whole data set")
    if plan.quick and len(faces) > quick:
        order = np.random.default_rng(plan.seed).permutation(len(faces))
        one_of_each = order[np.unique(faces.labels[order], return_index=True)[1]]
        others = order[~np.isin(order, one_of_each)][: quick - len(one_of_each)]
        faces = faces.take(np.sort(np.concatenate([one_of_each, others])))
    return faces


def _fer2013(data: Path) -> Path:
    """`data`, or the file of that name in it: one folder may hold what several suites need.

    Raises MissingDataError for a folder that holds what the others need alone.
    """
    found = next((data / place for place in _DEFAULT_PLACES if (data / place).is_file()), data)
    if found.is_dir() and any((found / other).is_dir() for other in _OTHERS):
        raise MissingDataError(f"there is no fer2013.npz or fer2013.csv in {data}: put it there")
    return found


def class_scores_of(
    model: Model, shown: Pictures, images: NDArray[np.uint8], steps: Steps
) -> ClassScores:
    """What `model` makes of `images`, uint8 (n, height, width): `shown` in order, however changed.

    Raises DataError where the model's labels are not the data set's.
    """
    labels = model.card.labels
    if set(labels) != set(shown.label_names):
        raise DataError(
            f"{model.card.name} names {', '.join(labels)}, the data set "
            f"{', '.join(shown.label_names)}: give a model of the data set's classes"
        )
    column = np.array([shown.label_names.index(name) for name in labels])
    # Offsets lead away from the training labels, which are the truth here.
    named = predict(model.uncalibrated(), images, steps).argmax(axis=1)
    return class_scores(shown.labels, column[named], len(shown.label_names))
