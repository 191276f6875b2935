"""What a classifier's answers are worth: all of it derives from the confusion matrix."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class ClassScores:
    """confusion: int (n_classes, n_classes), rows the true class, columns the predicted one."""

    confusion: NDArray[np.int64]

    @property
    def accuracy(self) -> float:
        return float(np.trace(self.confusion) / self.confusion.sum())

    @property
    def recalls(self) -> NDArray[np.float64]:
        """(n_classes,); nan for a class that has no sample."""
        with np.errstate(invalid="ignore"):
            fractions: NDArray[np.float64] = self._hits / self.confusion.sum(axis=1)
        return fractions

    @property
    def uar(self) -> float:
        """Unweighted average recall: the mean over the classes that have samples."""
        return float(np.nanmean(self.recalls))

    @property
    def macro_f1(self) -> float:
        """The mean over the classes of F1, a class never seen nor predicted left out."""
        both = self.confusion.sum(axis=0) + self.confusion.sum(axis=1)
        there = both > 0
        return float(np.mean(2 * self._hits[there] / both[there]))

    @property
    def _hits(self) -> NDArray[np.int64]:
        return np.diagonal(self.confusion)


def class_scores(labels: NDArray[np.uint8], predicted: NDArray[np.int_], n: int) -> ClassScores:
    """`labels` and `predicted` are class indices (n_samples,) of `n` classes."""
    confusion = np.zeros((n, n), np.int64)
    np.add.at(confusion, (labels, predicted), 1)
    return ClassScores(confusion)


def wilson(share: float, n: int, z: float = 1.96) -> tuple[float, float]:
    """The interval of a share of `n` (Wilson 1927)."""
    centre = share + z * z / (2 * n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low, high = (centre - half) / (1 + z * z / n), (centre + half) / (1 + z * z / n)
    # Rounding would make of none a share below nothing.
    return max(0.0, low), min(1.0, high)
