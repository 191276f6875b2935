"""Multinomial logistic regression in NumPy, by Böhning's bound on its curvature.

The bound (Böhning 1992) is the same at every step, so one small matrix is inverted once, and each
step is as cheap as one of gradient descent and takes as many steps as Newton's method, nearly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_PRIOR = 20.0
"""Weights are held near 0 as though by this many moments."""
_STEPS = 60

Array = NDArray[np.float64]


def regressed(x: Array, truth: NDArray[np.intp], n_names: int) -> Array:
    """Weights (n_names, n_features) that make `truth` likely; all 0, which is chance, of no data.

    x: float64 (n, n_features); truth: intp (n,)
    """
    weights = np.zeros((n_names, x.shape[1]))
    if not len(x):
        return weights
    bound = np.linalg.inv(x.T @ x / 2 + _PRIOR * np.eye(x.shape[1]))
    wanted = np.eye(n_names)[:, truth]
    for _ in range(_STEPS):
        weights -= ((_fractions(x, weights) - wanted) @ x + _PRIOR * weights) @ bound
    return weights


def chances(x: Array, weights: Array) -> Array:
    """float64 (n, n_names), sum 1"""
    return _fractions(x, weights).T


def _fractions(x: Array, weights: Array) -> Array:
    """(n_names, n): summed along the first axis, which NumPy does many times faster."""
    powers = weights @ x.T
    powers -= powers.max(axis=0)
    np.exp(powers, out=powers)
    powers /= powers.sum(axis=0)
    return powers
