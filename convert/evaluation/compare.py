"""What int8 costs: the quantized network against the float one, face by face.

Both are run by the device's own classifier over the same bytes. Noise is the papers':
X in [0, 1] → clip(X + level · N(0, 1), 0, 1), then rounded to bytes, as a camera gives them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from convert.augmentation.image import noisy
from convert.datasets import Pictures
from convert.metrics import ClassScores, class_scores
from convert.predict import Progress, predict
from edge.models import Model


@dataclass(frozen=True, slots=True)
class Limits:
    """How much int8 may cost, on clean faces."""

    accuracy_lost: float = 0.010
    agreement: float = 0.97


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both networks on the same faces at one noise level; `agreement` is of their top classes."""

    noise: float
    labels: tuple[str, ...]
    float32: ClassScores
    int8: ClassScores
    agreement: float

    @property
    def accuracy_lost(self) -> float:
        """Negative where int8 happens to be better."""
        return self.float32.accuracy - self.int8.accuracy

    @property
    def worst_class(self) -> tuple[str, float]:
        """The class whose recall int8 lowers most, and by how much."""
        lost = np.nan_to_num(self.float32.recalls - self.int8.recalls, nan=-1.0)
        worst = int(lost.argmax())
        return self.labels[worst], float(lost[worst])

    def broken(self, limits: Limits) -> list[str]:
        """A sentence for every limit that this comparison is past."""
        sentences = []
        if self.accuracy_lost > limits.accuracy_lost:
            sentences.append(
                f"int8 loses {self.accuracy_lost:.2%} of accuracy "
                f"and may lose {limits.accuracy_lost:.2%}"
            )
        if self.agreement < limits.agreement:
            sentences.append(
                f"int8 and float agree on {self.agreement:.2%} of the faces "
                f"and must on {limits.agreement:.2%}"
            )
        return sentences

    def as_dict(self) -> dict[str, Any]:
        name, lost = self.worst_class
        return {
            "noise": self.noise,
            "float32_accuracy": self.float32.accuracy,
            "int8_accuracy": self.int8.accuracy,
            "float32_macro_f1": self.float32.macro_f1,
            "int8_macro_f1": self.int8.macro_f1,
            "agreement": self.agreement,
            "worst_class": name,
            "worst_class_recall_lost": lost,
        }


def compare(
    float32: Model,
    int8: Model,
    faces: Pictures,
    levels: Sequence[float] = (0.0,),
    progress: Progress = lambda n: None,
) -> list[Comparison]:
    """One comparison a noise level (0 is clean). Raises ModelError for a file not to be trusted."""
    float32, int8 = float32.uncalibrated(), int8.uncalibrated()
    comparisons = []
    for level in levels:
        images = noisy(faces.images, level)
        by_float = predict(float32, images, progress).argmax(axis=1)
        by_int8 = predict(int8, images, progress).argmax(axis=1)
        n = len(faces.label_names)
        comparisons.append(
            Comparison(
                noise=level,
                labels=faces.label_names,
                float32=class_scores(faces.labels, by_float, n),
                int8=class_scores(faces.labels, by_int8, n),
                agreement=float((by_float == by_int8).mean()),
            )
        )
    return comparisons
