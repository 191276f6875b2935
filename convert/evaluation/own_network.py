"""The verdict on anybody's network on pictures with labels: right, wrong, or fooling."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from convert.datasets.own import OwnPictures, as_frames
from convert.evaluation import sanity
from convert.evaluation.compare import Limits
from convert.metrics import wilson
from convert.predict import raw_outputs
from edge.models import Figure, Model

LIMITS = Limits()


@dataclass(frozen=True, slots=True, eq=False)
class OwnVerdict:
    """broken: a sentence for each thing that is wrong; agreement: with float32, if compared"""

    model: Model
    answers: sanity.Answers
    broken: list[str]
    float32_accuracy: float | None = None
    agreement: float | None = None

    def as_dict(self) -> dict[str, Any]:
        return {
            "model": str(self.model.path),
            "dtype": self.model.card.dtype,
            **sanity.as_dict(self.answers),
            "float32_accuracy": self.float32_accuracy,
            "agreement": self.agreement,
            "broken": self.broken,
        }

    def lines(self) -> Iterator[str]:
        scores, n = self.answers.scores, len(self.answers.labels)
        low, high = wilson(scores.accuracy, n)
        what = "sounds" if self.model.card.modality == "speech" else "pictures"
        yield f"{self.model.path}: {n:,} {what}"
        yield f"accuracy   {scores.accuracy:.4f} [{low:.4f}, {high:.4f}]"
        if self.float32_accuracy is not None and self.agreement is not None:
            yield f"float32    {self.float32_accuracy:.4f}; they agree on {self.agreement:.2%}"
        yield f"UAR        {scores.uar:.4f}"
        yield from sanity.table(scores, self.answers.label_names)

    def figures(self, protocol: str) -> tuple[Figure, ...]:
        values = {
            f"{self.model.card.dtype} accuracy": self.answers.scores.accuracy,
            f"{self.model.card.dtype} UAR": self.answers.scores.uar,
            "float32 accuracy": self.float32_accuracy,
            "int8 and float32 agreement": self.agreement,
        }
        return tuple(
            Figure(name=name, value=round(value, 4), protocol=protocol)
            for name, value in values.items()
            if value is not None
        )


def judge(
    model: Model,
    pictures: OwnPictures,
    float32: Model | None = None,
    limits: Limits = LIMITS,
) -> OwnVerdict:
    """Raises ModelError where the card and the file do not go together."""
    images = as_frames(pictures.images, model.card)
    answers = _answers(model, images, pictures)
    broken = sanity.complaints(answers)
    if float32 is None:
        return OwnVerdict(model, answers, broken)
    before = _answers(float32, images, pictures)
    same = answers.outputs.argmax(axis=1) == before.outputs.argmax(axis=1)
    agreement, n = float(same.mean()), len(same)
    lost = before.scores.accuracy - answers.scores.accuracy
    # Few pictures prove no small loss: only what their interval leaves no doubt of is broken.
    if wilson(agreement, n)[1] < limits.agreement:
        broken.append(
            f"int8 and float agree on {agreement:.2%} of {n} pictures and must on "
            f"{limits.agreement:.2%}"
        )
    if lost > limits.accuracy_lost and lost > 1.96 * float(np.sqrt((1 - agreement) / n)):
        broken.append(f"int8 loses {lost:.2%} of accuracy and may lose {limits.accuracy_lost:.2%}")
    return OwnVerdict(model, answers, broken, before.scores.accuracy, agreement)


def _answers(model: Model, images: Any, pictures: OwnPictures) -> sanity.Answers:
    return sanity.Answers(
        raw_outputs(model, images),
        pictures.labels,
        pictures.label_names,
        as_logits=model.card.output == "logits",
    )
