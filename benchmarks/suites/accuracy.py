"""How often a model is right on FER2013's test part, class by class."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import metrics
from benchmarks.faces import Steps, judged, test_faces
from benchmarks.measure import Measurement
from benchmarks.results import Finding, Matrix, Remark
from benchmarks.suites import Plan, label
from convert.scores import ClassScores

SIMPLE = ("happy", "sad", "surprise")
"""The papers' simple emotions; the others are their complex ones."""


def measure(plan: Plan) -> Iterator[Finding]:
    """PrivateTest: accuracy, macro F1, precision and recall, the classes, the confusion matrix."""
    models = plan.some_models()
    faces = test_faces(plan, "PrivateTest", quick=500)
    steps = Steps(plan, len(models) * len(faces))
    for model in models:
        scores = judged(model, faces, faces.images, steps)
        yield from _figures(label(model), faces.label_names, scores)
    yield Remark(
        f"FER2013 PrivateTest, {len(faces)} faces; an accuracy of 0.65 is known to "
        f"± {1.96 * (0.65 * 0.35 / len(faces)) ** 0.5:.3f} (95 %); F1, precision and recall are "
        "means over the classes; simple: happy, sad, surprise; complex: the others (true classes)"
    )


def _figures(name: str, labels: tuple[str, ...], scores: ClassScores) -> Iterator[Finding]:
    simple = [number for number, label in enumerate(labels) if label in SIMPLE]
    others = [number for number in range(len(labels)) if number not in simple]
    simple_accuracy, simple_f1 = metrics.of_group(scores, simple)
    complex_accuracy, complex_f1 = metrics.of_group(scores, others)
    by_class = {
        "F1": metrics.f1s(scores),
        "precision": metrics.precisions(scores),
        "recall": scores.recalls,
    }
    whole = {
        "accuracy": scores.accuracy,
        "F1": scores.macro_f1,
        "precision": float(by_class["precision"].mean()),
        "recall": float(by_class["recall"].mean()),
        "simple acc.": simple_accuracy,
        "simple F1": simple_f1,
        "complex acc.": complex_accuracy,
        "complex F1": complex_f1,
    }
    for column, value in whole.items():
        yield Measurement(f"{name}/{column}", "share", (value,))
    for number, class_name in enumerate(labels):
        for column, values in by_class.items():
            yield Measurement(f"{name} {class_name}/{column}", "share", (float(values[number]),))
    counts = tuple(tuple(int(cell) for cell in row) for row in scores.confusion)
    yield Matrix(name, labels, counts)
