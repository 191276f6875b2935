"""The robustness that a card tells of: the conditions in which a face is met, a figure each.

The whole table, with the papers' ten levels, is `edge-bench run noise`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from convert.datasets.face_set import FaceSet
from convert.evaluation.corruptions import (
    BEYOND,
    NOISE_SEEDS,
    jitter,
    noise,
)
from convert.predict import predict
from edge.models import Figure, Model

SHOWN = ("low light 0.25", "low light 0.1", "blur 1 px", "face of 24 px", "JPEG quality 20")
COVERED = ("mask", "dark glasses", "hand", "turned 15°", "turned 30°")
NOISE = 0.30
JITTER = 0.08
SEED = 7


def passport(model: Model, faces: FaceSet) -> tuple[Figure, ...]:
    """Accuracies of the int8 `model` on changed `faces` of PrivateTest, and how often its label
    changes when the box is cut otherwise."""
    model = model.uncalibrated()
    of = f"FER2013 PrivateTest, {len(faces)} faces against the FER2013 labels"
    labels = predict(model, faces.images).argmax(axis=1)

    def accuracy(images: NDArray[np.uint8]) -> float:
        return float((predict(model, images).argmax(axis=1) == faces.labels).mean())

    rng = np.random.default_rng(SEED)
    drawn = [accuracy(noise(NOISE, seed).apply(faces.images, rng)) for seed in NOISE_SEEDS]
    seeds = f"{of}; noise of {len(drawn)} seeds"
    found = [
        (f"int8 accuracy at noise {NOISE:g}, mean of seeds", float(np.mean(drawn)), seeds),
        (f"int8 accuracy at noise {NOISE:g}, deviation", float(np.std(drawn, ddof=1)), seeds),
    ]
    for condition in BEYOND:
        if condition.name in SHOWN + COVERED:
            value = accuracy(condition.apply(faces.images, rng))
            found.append((f"int8 accuracy, {condition.name}", value, of))
    cut = predict(model, jitter(JITTER).apply(faces.images, rng)).argmax(axis=1)
    changed = f"{of}; the box moved and scaled by up to {JITTER:.0%}, evenly drawn"
    found.append((f"int8 labels changed, box jitter {JITTER:.0%}", (cut != labels).mean(), changed))
    return tuple(
        Figure(name=name, value=round(float(value), 4), protocol=protocol)
        for name, value, protocol in found
    )
