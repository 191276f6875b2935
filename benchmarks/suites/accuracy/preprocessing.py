"""What each of the papers' preprocessing switches is worth to a model trained without."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.measuring.findings import Finding, Remark
from benchmarks.measuring.timing import Measurement
from benchmarks.plan import Plan, label
from benchmarks.suites.accuracy.faces import Steps, class_scores_of, test_faces
from convert.evaluation.corruptions import CLEAN, Corruption, low_light, noise
from edge.settings.sections import PreprocessSettings
from edge.vision.preprocess import Preprocessor

SWITCHES: dict[str, PreprocessSettings] = {
    "none": PreprocessSettings(),
    **{f"gamma {gamma:g}": PreprocessSettings(gamma=gamma) for gamma in (0.5, 0.7, 1.5, 2.0)},
    "equalise": PreprocessSettings(equalise=True),
    "smooth": PreprocessSettings(smooth=True),
    "equalise, smooth": PreprocessSettings(equalise=True, smooth=True),
}
CONDITIONS: tuple[Corruption, ...] = (CLEAN, low_light(0.3), noise(0.10))


def measure(plan: Plan) -> Iterator[Finding]:
    """PublicTest (the part to choose settings by): accuracy by switch and condition."""
    models = plan.some_models()
    faces = test_faces(plan, "PublicTest", quick=200)
    steps = Steps(plan, len(models) * len(SWITCHES) * len(CONDITIONS) * len(faces))
    for switch, settings in SWITCHES.items():
        normalise = Preprocessor(settings).normalise
        for number, condition in enumerate(CONDITIONS):
            met = condition.apply(faces.images, np.random.default_rng((plan.seed, number)))
            images = np.stack([normalise(image) for image in met])
            for model in models:
                cell = f"{label(model)}, {switch}/{condition.name}"
                accuracy = class_scores_of(model, faces, images, steps).accuracy
                yield Measurement(cell, "share", (accuracy,))
    yield Remark(f"accuracy on FER2013 PublicTest, {len(faces)} faces, switches set on the device")
