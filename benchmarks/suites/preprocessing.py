"""What each of the papers' preprocessing switches is worth to a model trained without."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks import metrics
from benchmarks.corruptions import Corruption, low_light, noise
from benchmarks.faces import Steps, classifiers, classify_all, test_faces
from benchmarks.measure import Measurement
from benchmarks.results import Finding, Remark
from benchmarks.suites import Plan
from benchmarks.suites.noise import CLEAN
from edge.settings import PreprocessSettings
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
    with classifiers(plan) as models:
        faces = test_faces(plan, "PublicTest", quick=200)
        steps = Steps(plan, len(models) * len(SWITCHES) * len(CONDITIONS) * len(faces))
        for name, classifier in models.items():
            for switch, settings in SWITCHES.items():
                normalise = Preprocessor(settings).normalise
                for number, condition in enumerate(CONDITIONS):
                    rng = np.random.default_rng((plan.seed, number))
                    pictures = (normalise(condition.apply(face, rng)) for face in faces.images)
                    scores = metrics.scores(classify_all(classifier, faces, pictures, steps))
                    cell = f"{name}, {switch}/{condition.name}"
                    yield Measurement(cell, "share", (scores.accuracy,))
    yield Remark(f"accuracy on FER2013 PublicTest, {len(faces)} faces, switches set on the device")
