"""Accuracy under the papers' ten noise levels and what else befalls a face; a voice in noise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.measuring.findings import Finding, Remark
from benchmarks.measuring.timing import Measurement
from benchmarks.plan import Plan, label
from benchmarks.suites.accuracy import voices
from benchmarks.suites.accuracy.faces import Steps, class_scores_of, test_faces
from benchmarks.suites.accuracy.modalities import by_modality
from convert.augmentation.image import NOISE_LEVELS
from convert.datasets.noise import SNRS_DB
from convert.evaluation.corruptions import BEYOND, CLEAN, NOISE_SEEDS, Corruption, noise


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
    conditions = [[CLEAN], *in_noise(), *([condition] for condition in BEYOND)]
    steps = Steps(plan, len(models) * sum(map(len, conditions)) * len(faces))
    for number, seeded in enumerate(conditions):
        rng = np.random.default_rng((plan.seed, number))
        shown = [condition.apply(faces.images, rng) for condition in seeded]
        for model in models:
            scores = [class_scores_of(model, faces, images, steps) for images in shown]
            cell = f"{seeded[0].name}/{label(model)}"
            accuracies = [one.accuracy for one in scores]
            yield Measurement(f"{cell} accuracy", "share", (float(np.mean(accuracies)),))
            if len(scores) > 1:
                spread = float(np.std(accuracies, ddof=1))
                yield Measurement(f"{cell} accuracy sd", "share", (spread,))
            f1 = float(np.mean([one.macro_f1 for one in scores]))
            yield Measurement(f"{cell} F1", "share", (f1,))
    yield Remark(f"FER2013 PrivateTest, {len(faces)} faces, the same pictures for all models")
    yield Remark(
        f"noise: X in [0, 1] → clip(X + level · N(0, 1), 0, 1), mean and deviation (sd) of "
        f"{len(NOISE_SEEDS)} draws; F1 is the classes' mean"
    )


def in_noise() -> Iterator[list[Corruption]]:
    """The papers' levels, each by every seed."""
    for level in NOISE_LEVELS:
        yield [noise(level, seed) for seed in NOISE_SEEDS]
