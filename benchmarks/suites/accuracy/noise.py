"""Accuracy under the papers' ten noise levels and what else befalls a face; a voice in noise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.measuring.findings import Finding, Remark
from benchmarks.measuring.timing import Measurement
from benchmarks.plan import Plan, label
from benchmarks.suites.accuracy import voices
from benchmarks.suites.accuracy.corruptions import BEYOND, CLEAN, PAPERS_NOISE
from benchmarks.suites.accuracy.faces import Steps, class_scores_of, test_faces
from benchmarks.suites.accuracy.modalities import by_modality
from convert.datasets.noise import SNRS_DB


def measure(plan: Plan) -> Iterator[Finding]:
    yield from by_modality(plan, {"face": _faces, "speech": _voices})


def _voices(plan: Plan) -> Iterator[Finding]:
    """RAVDESS takes of actors not heard in training, in each real noise at each SNR."""
    for model in plan.of("speech"):
        clips = voices.test_clips(plan, model, quick=32)
        noises = voices.recordings(plan, model.card.features.sample_rate_hz)
        steps = Steps(plan, len(clips) * (1 + len(noises) * len(SNRS_DB)))
        spoken = voices.as_they_are(clips, model)
        quiet = class_scores_of(model, spoken, spoken.images, steps)
        for background in noises:
            row = f"{label(model)} UAR, {background.name}"
            yield Measurement(f"{row}/quiet", "share", (quiet.uar,))
            for snr_db in SNRS_DB:
                spoken = voices.in_noise(clips, model, background, snr_db)
                scores = class_scores_of(model, spoken, spoken.images, steps)
                yield Measurement(f"{row}/{snr_db:g} dB", "share", (scores.uar,))
        yield Remark(
            f"{label(model)}: UAR (the mean of the classes' recalls) over {len(clips)} RAVDESS "
            "takes of actors whom its card does not name, in the half of each recording that no "
            "training heard"
        )


def _faces(plan: Plan) -> Iterator[Finding]:
    """PrivateTest, every model on the very same pictures."""
    models = plan.some_models()
    faces = test_faces(plan, "PrivateTest", quick=200)
    conditions = (CLEAN, *PAPERS_NOISE, *BEYOND)
    steps = Steps(plan, len(models) * len(conditions) * len(faces))
    for number, condition in enumerate(conditions):
        images = condition.apply(faces.images, np.random.default_rng((plan.seed, number)))
        for model in models:
            scores = class_scores_of(model, faces, images, steps)
            cell = f"{condition.name}/{label(model)}"
            yield Measurement(f"{cell} accuracy", "share", (scores.accuracy,))
            yield Measurement(f"{cell} F1", "share", (scores.macro_f1,))
    yield Remark(f"FER2013 PrivateTest, {len(faces)} faces, the same pictures for all models")
    yield Remark("noise: X in [0, 1] → clip(X + level · N(0, 1), 0, 1); F1 is the classes' mean")
