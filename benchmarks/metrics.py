"""Classification metrics from a confusion matrix (rows true, columns named)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


def confusion(
    true: NDArray[np.integer], named: NDArray[np.integer], n_classes: int
) -> NDArray[np.int64]:
    """int (n,) indices of classes → counts (n_classes, n_classes)."""
    cells = true.astype(np.int64) * n_classes + named
    return np.bincount(cells, minlength=n_classes**2).reshape(n_classes, n_classes)


@dataclass(frozen=True, slots=True)
class Scores:
    """accuracy 0 to 1; float64 (n_classes,) each: precision, recall, f1, 0 where undefined."""

    accuracy: float
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]

    @property
    def macro_f1(self) -> float:
        return float(self.f1.mean())


def scores(counts: NDArray[np.int64]) -> Scores:
    """Of a confusion matrix with at least one sample."""
    hits = np.diag(counts).astype(np.float64)
    precision = hits / np.maximum(counts.sum(axis=0), 1)
    recall = hits / np.maximum(counts.sum(axis=1), 1)
    both = precision + recall
    f1 = np.divide(2 * precision * recall, both, out=np.zeros_like(both), where=both > 0)
    return Scores(float(hits.sum() / counts.sum()), precision, recall, f1)


def group_scores(counts: NDArray[np.int64], group: list[int]) -> tuple[float, float]:
    """(accuracy, macro F1) over the samples whose true class is in `group` (the papers' split).

    All classes stay open to the network; F1 averages over the group's classes, so that a
    sample of another group is no false positive here.
    """
    rows = np.zeros_like(counts)
    rows[group] = counts[group]
    of_group = scores(rows)
    return of_group.accuracy, float(of_group.f1[group].mean())
