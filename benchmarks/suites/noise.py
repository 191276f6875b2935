"""Accuracy and F1 under the papers' ten noise levels, and under what else befalls a face."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks import metrics
from benchmarks.corruptions import BEYOND, PAPERS_NOISE, Corruption
from benchmarks.faces import Steps, classifiers, classify_all, test_faces
from benchmarks.measure import Measurement
from benchmarks.results import Finding, Remark
from benchmarks.suites import Plan

CLEAN = Corruption("clean", lambda image, _: image)


def measure(plan: Plan) -> Iterator[Finding]:
    """PrivateTest, every model on the very same pictures (drawn by the plan's seed)."""
    with classifiers(plan) as models:
        faces = test_faces(plan, "PrivateTest", quick=200)
        conditions = (CLEAN, *PAPERS_NOISE, *BEYOND)
        steps = Steps(plan, len(models) * len(conditions) * len(faces))
        for number, condition in enumerate(conditions):
            for name, classifier in models.items():
                rng = np.random.default_rng((plan.seed, number))
                pictures = (condition.apply(image, rng) for image in faces.images)
                scores = metrics.scores(classify_all(classifier, faces, pictures, steps))
                row = condition.name
                yield Measurement(f"{row}/{name} accuracy", "share", (scores.accuracy,))
                yield Measurement(f"{row}/{name} F1", "share", (scores.macro_f1,))
    yield Remark(f"FER2013 PrivateTest, {len(faces)} faces, the same for all models")
    yield Remark("noise: X in [0, 1] → clip(X + level · N(0, 1), 0, 1); F1 is the classes' mean")
