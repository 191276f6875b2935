"""Scores of a model for many images, on every core."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import numpy as np
from numpy.typing import NDArray

from edge.models import Model
from edge.models.classifier import Classifier
from edge.settings.sections import PreprocessSettings
from edge.vision.stretch import stretch

REPORT_EVERY = 100


Progress = Callable[[int], None]


"""Is told of each lot of faces that is done."""


def predict(
    model: Model, images: NDArray[np.uint8], progress: Progress = lambda n: None
) -> NDArray[np.float32]:
    """Scores (n, n_classes), a classifier a core: the interpreter lets go of Python's lock."""
    prepare = _preparation(model)
    return _on_every_core(
        model, images, lambda one, image: one.classify(prepare(image)).scores, progress
    )


def raw_outputs(
    model: Model, images: NDArray[np.uint8], progress: Progress = lambda n: None
) -> NDArray[np.float32]:
    """What the file gives (n, n_classes), be it probabilities or not."""
    return _on_every_core(model, images, Classifier.raw, progress)


def _on_every_core(
    model: Model,
    images: NDArray[np.uint8],
    judge: Callable[[Classifier, NDArray[np.uint8]], NDArray[np.float32]],
    progress: Progress,
) -> NDArray[np.float32]:
    def run(classifier: Classifier, lot: NDArray[np.uint8]) -> NDArray[np.float32]:
        scores = np.empty((len(lot), len(classifier.labels)), np.float32)
        for i, image in enumerate(lot):
            scores[i] = judge(classifier, image)
            if (i + 1) % REPORT_EVERY == 0 or i + 1 == len(lot):
                progress(i % REPORT_EVERY + 1)
        return scores

    lots = np.array_split(images, len(os.sched_getaffinity(0)))
    with ExitStack() as stack, ThreadPoolExecutor(len(lots)) as pool:
        classifiers = [stack.enter_context(Classifier(model)) for _ in lots]
        return np.concatenate(list(pool.map(run, classifiers, lots)))


def _preparation(model: Model) -> Callable[[NDArray[np.uint8]], NDArray[np.uint8]]:
    """What the device does to the light of a cropped face before the network sees it."""
    settings = model.card.preprocessing
    if isinstance(settings, PreprocessSettings) and settings.stretch:
        return lambda image: stretch(image) if image.ndim == 2 else image
    return lambda image: image
