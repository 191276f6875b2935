"""Test faces for the accuracy suites, and what a model makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager

import numpy as np
from numpy.typing import NDArray

from benchmarks.metrics import confusion
from benchmarks.suites import Plan, label
from convert.datasets.fer2013 import FaceSet, load
from edge.errors import DataError, MissingDataError
from edge.inference import Classifier


class Steps:
    """Counts pictures for the plan's progress."""

    def __init__(self, plan: Plan, total: int) -> None:
        self._progress = plan.progress
        self._total = total
        self._done = 0

    def __call__(self) -> None:
        self._done += 1
        self._progress(self._done, self._total)


def test_faces(plan: Plan, usage: str, *, quick: int) -> FaceSet:
    """One part of FER2013; in a quick run `quick` of its faces, drawn by the plan's seed.

    Raises MissingDataError without `--data`, DataError where a class has no face.
    """
    if plan.data is None:
        raise MissingDataError("no data set to measure on: give FER2013 with --data fer2013.csv")
    faces = load(plan.data).part(usage)
    for number, name in enumerate(faces.label_names):
        if not (faces.labels == number).any():
            raise DataError(f"{plan.data} has no {name} face in {usage}: give the whole data set")
    if plan.quick and len(faces) > quick:
        chosen = np.random.default_rng(plan.seed).permutation(len(faces))[:quick]
        faces = faces.take(np.sort(chosen))
    return faces


@contextmanager
def classifiers(plan: Plan) -> Iterator[dict[str, Classifier]]:
    """The plan's models, open, by label."""
    with ExitStack() as stack:
        yield {
            label(model): stack.enter_context(Classifier(model, threads=plan.threads))
            for model in plan.some_models()
        }


def classify_all(
    classifier: Classifier,
    faces: FaceSet,
    images: Iterable[NDArray[np.uint8]],
    on_image: Callable[[], None],
) -> NDArray[np.int64]:
    """The confusion matrix of `images`, which are `faces` in order, however changed.

    Raises DataError where the model's labels are not the data set's.
    """
    if set(classifier.labels) != set(faces.label_names):
        raise DataError(
            f"the model names {', '.join(classifier.labels)}, the data set "
            f"{', '.join(faces.label_names)}: give a model of FER2013's classes"
        )
    column = np.array([faces.label_names.index(name) for name in classifier.labels])
    named = []
    for image in images:
        named.append(int(classifier.classify(image).scores.argmax()))
        on_image()
    return confusion(faces.labels, column[named], len(faces.label_names))
