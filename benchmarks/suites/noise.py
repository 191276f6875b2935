"""Accuracy and F1 under the papers' ten noise levels, and under what else befalls a face."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.corruptions import BEYOND, CLEAN, PAPERS_NOISE
from benchmarks.faces import Steps, judged, test_faces
from benchmarks.measure import Measurement
from benchmarks.results import Finding, Remark
from benchmarks.suites import Plan, label


def measure(plan: Plan) -> Iterator[Finding]:
    """PrivateTest, every model on the very same pictures."""
    models = plan.some_models()
    faces = test_faces(plan, "PrivateTest", quick=200)
    conditions = (CLEAN, *PAPERS_NOISE, *BEYOND)
    steps = Steps(plan, len(models) * len(conditions) * len(faces))
    for number, condition in enumerate(conditions):
        images = condition.apply(faces.images, np.random.default_rng((plan.seed, number)))
        for model in models:
            scores = judged(model, faces, images, steps)
            cell = f"{condition.name}/{label(model)}"
            yield Measurement(f"{cell} accuracy", "share", (scores.accuracy,))
            yield Measurement(f"{cell} F1", "share", (scores.macro_f1,))
    yield Remark(f"FER2013 PrivateTest, {len(faces)} faces, the same pictures for all models")
    yield Remark("noise: X in [0, 1] → clip(X + level · N(0, 1), 0, 1); F1 is the classes' mean")
