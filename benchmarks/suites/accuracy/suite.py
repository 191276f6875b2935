"""How often a model is right on faces or voices it was not trained on, class by class."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.measuring.findings import Finding, Matrix, Remark
from benchmarks.measuring.timing import Measurement
from benchmarks.plan import Plan, label
from benchmarks.suites.accuracy import metrics, voices
from benchmarks.suites.accuracy.faces import Steps, class_scores_of, test_faces
from benchmarks.suites.accuracy.modalities import by_modality
from convert.metrics import ClassScores

SIMPLE = ("happy", "sad", "surprise")
"""The papers' simple emotions; the others are their complex ones."""


def measure(plan: Plan) -> Iterator[Finding]:
    """Accuracy, macro F1, precision and recall, the classes, the confusion matrix."""
    yield from by_modality(plan, {"face": _faces, "speech": _voices})


def _faces(plan: Plan) -> Iterator[Finding]:
    """FER2013's PrivateTest."""
    models = plan.some_models()
    faces = test_faces(plan, "PrivateTest", quick=500)
    steps = Steps(plan, len(models) * len(faces))
    for model in models:
        scores = class_scores_of(model, faces, faces.images, steps)
        yield from _figures(label(model), faces.label_names, scores, split=True)
    yield Remark(
        f"FER2013 PrivateTest, {len(faces)} faces; an accuracy of 0.65 is known to "
        f"± {1.96 * (0.65 * 0.35 / len(faces)) ** 0.5:.3f} (95 %); F1, precision and recall are "
        "means over the classes; simple: happy, sad, surprise; complex: the others (true classes)"
    )


def _voices(plan: Plan) -> Iterator[Finding]:
    """RAVDESS: the loudest window of each take of an actor that the model has not heard."""
    for model in plan.of("speech"):
        clips = voices.test_clips(plan, model, quick=32)
        spoken = voices.as_they_are(clips, model)
        scores = class_scores_of(model, spoken, spoken.images, Steps(plan, len(clips)))
        yield from _figures(label(model), spoken.label_names, scores, split=False)
        actors = ", ".join(f"{actor:02}" for actor in sorted({take.actor for take in clips}))
        yield Remark(
            f"{label(model)}: RAVDESS, {len(clips)} takes of actors {actors}, whom its card does "
            f"not name; known to ± {1.96 * (0.6 * 0.4 / len(clips)) ** 0.5:.2f} (95 %), and of "
            "those speakers alone: the card has the figures of five folds over all speakers"
        )


def _figures(
    name: str, labels: tuple[str, ...], scores: ClassScores, *, split: bool
) -> Iterator[Finding]:
    """split: by the papers' simple and complex emotions too"""
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
    }
    if split:
        simple = [number for number, label in enumerate(labels) if label in SIMPLE]
        others = [number for number in range(len(labels)) if number not in simple]
        for group, members in (("simple", simple), ("complex", others)):
            whole[f"{group} acc."], whole[f"{group} F1"] = metrics.of_group(scores, members)
    for column, value in whole.items():
        yield Measurement(f"{name}/{column}", "share", (value,))
    for number, class_name in enumerate(labels):
        for column, values in by_class.items():
            yield Measurement(f"{name} {class_name}/{column}", "share", (float(values[number]),))
    counts = tuple(tuple(int(cell) for cell in row) for row in scores.confusion)
    yield Matrix(name, labels, counts)
