"""What the accuracy suite tells beyond `ClassScores`: precision, F1 by class, groups of classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from convert.metrics import ClassScores


def precisions(scores: ClassScores) -> NDArray[np.float64]:
    """(n_classes,); 0 for a class that was never predicted."""
    predicted = scores.confusion.sum(axis=0)
    return np.asarray(np.diagonal(scores.confusion) / np.maximum(predicted, 1))


def f1s(scores: ClassScores) -> NDArray[np.float64]:
    """(n_classes,); 0 for a class neither seen nor predicted."""
    both = scores.confusion.sum(axis=0) + scores.confusion.sum(axis=1)
    return np.asarray(2 * np.diagonal(scores.confusion) / np.maximum(both, 1))


def of_group(scores: ClassScores, group: Sequence[int]) -> tuple[float, float]:
    """(accuracy, macro F1) over the faces whose true class is in `group`: the papers' split.

    All classes stay open to the network; F1 averages over the group's classes, and a face of
    another group is no false positive here.
    """
    rows = np.zeros_like(scores.confusion)
    rows[list(group)] = scores.confusion[list(group)]
    alone = ClassScores(rows)
    return alone.accuracy, float(f1s(alone)[list(group)].mean())
