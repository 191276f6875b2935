"""How often a model is right on FER2013's test part, class by class."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from benchmarks import metrics
from benchmarks.faces import Steps, classifiers, classify_all, test_faces
from benchmarks.measure import Measurement
from benchmarks.results import Finding, Matrix, Remark
from benchmarks.suites import Plan

SIMPLE = ("happy", "sad", "surprise")


def measure(plan: Plan) -> Iterator[Finding]:
    """PrivateTest: accuracy, macro F1, precision and recall, the classes, the confusion matrix."""
    with classifiers(plan) as models:
        faces = test_faces(plan, "PrivateTest", quick=500)
        steps = Steps(plan, len(models) * len(faces))
        for name, classifier in models.items():
            counts = classify_all(classifier, faces, faces.images, steps)
            yield from _figures(name, faces.label_names, counts)
    yield Remark(
        f"FER2013 PrivateTest, {len(faces)} faces; an accuracy of 0.65 is known to "
        f"± {1.96 * (0.65 * 0.35 / len(faces)) ** 0.5:.3f} (95 %); F1, precision and recall are "
        "means over the classes; simple: happy, sad, surprise; complex: the others (true classes)"
    )


def _figures(name: str, labels: tuple[str, ...], counts: NDArray[np.int64]) -> Iterator[Finding]:
    scores = metrics.scores(counts)
    simple = [number for number, label in enumerate(labels) if label in SIMPLE]
    others = [number for number in range(len(labels)) if number not in simple]
    simple_accuracy, simple_f1 = metrics.group_scores(counts, simple)
    complex_accuracy, complex_f1 = metrics.group_scores(counts, others)
    whole = {
        "accuracy": scores.accuracy,
        "F1": scores.macro_f1,
        "precision": float(scores.precision.mean()),
        "recall": float(scores.recall.mean()),
        "simple acc.": simple_accuracy,
        "simple F1": simple_f1,
        "complex acc.": complex_accuracy,
        "complex F1": complex_f1,
    }
    for column, value in whole.items():
        yield Measurement(f"{name}/{column}", "share", (value,))
    for number, class_name in enumerate(labels):
        row = f"{name} {class_name}"
        yield Measurement(f"{row}/F1", "share", (float(scores.f1[number]),))
        yield Measurement(f"{row}/precision", "share", (float(scores.precision[number]),))
        yield Measurement(f"{row}/recall", "share", (float(scores.recall[number]),))
    yield Matrix(name, labels, tuple(tuple(int(cell) for cell in row) for row in counts))
