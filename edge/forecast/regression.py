"""Multinomial logistic regression in NumPy, by Böhning's bound on its curvature.

The bound (Böhning 1992) is the same at every step, so one small matrix is inverted once, and each
step is as cheap as one of gradient descent and takes as many steps as Newton's method, nearly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_PRIOR = 20.0
"""Weights are held near 0 as though by so many moments."""
_STEPS = 60

Array = NDArray[np.float64]


def regressed(x: Array, truth: NDArray[np.intp], n_names: int) -> Array:
    """Weights (n_features, n_names) that make `truth` likely; all 0, which is chance, of no data.

    x: float64 (n, n_features); truth: intp (n,)
    """
    weights = np.zeros((x.shape[1], n_names))
    if not len(x):
        return weights
    bound = np.linalg.inv(x.T @ x / 2 + _PRIOR * np.eye(x.shape[1]))
    wanted = np.eye(n_names)[truth]
    for _ in range(_STEPS):
        weights -= bound @ (x.T @ (chances(x, weights) - wanted) + _PRIOR * weights)
    return weights


def chances(x: Array, weights: Array) -> Array:
    """float64 (n, n_names), sum 1"""
    logits = x @ weights
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Array = powers / powers.sum(axis=1, keepdims=True)
    return shares
