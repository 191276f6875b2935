"""The distribution of the state some seconds ahead: a few forecasts, weighed.

Six forecasters look at a moment: it stays; it becomes what is usual; a continuous-time Markov
chain with the log's own rates; what the network's scores say besides; what this track has shown
lately; and a logistic regression on all of that. Their distributions are mixed, for each horizon by
weights of its own, fitted to the log by expectation maximisation. So little data learns the few
numbers that it can carry, much data the regression, and in the worst case the mixture learns
that it stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.forecast.chain import Chain
from edge.forecast.regression import chances, regressed
from edge.forecast.sequences import Segment

Array = NDArray[np.float64]

FORECASTERS = ("persistence", "marginal", "chain", "scores", "recency", "regression")
PERSISTENCE = FORECASTERS[:2]
"""The rival: it stays with a fitted chance, or becomes what is usual."""
MARGINAL = ("marginal",)

_EM_STEPS = 100
_FOLDS = 3
_NEWEST = 10_000
"""How many moments the regression learns from, at most."""
_LEAST_SCORE = 0.02


class Known(Protocol):
    """What is known at n moments, as in a `Segment`."""

    @property
    def states(self) -> NDArray[np.intp]: ...
    @property
    def scores(self) -> NDArray[np.float32]: ...
    @property
    def recency(self) -> Array: ...
    @property
    def since_s(self) -> Array: ...


@dataclass(frozen=True, slots=True, eq=False)
class Forecaster:
    """Fitted to one horizon.

    weights:  float64 (n_forecasters,), sum 1, in the order of `of`
    usual:    float64 (n_names,)
    chain:    float64 (n_names, n_names), the chances after the horizon from each state
    logistic: float64 (n_names, n_features)
    """

    horizon_s: float
    of: tuple[str, ...]
    weights: Array
    marginal: Array
    chain: Array
    logistic: Array

    def forecast(self, now: Known) -> Array:
        """float64 (n, n_names), sum 1: the chances of each state, `horizon_s` later."""
        mixed: Array = np.einsum("k,knj->nj", self.weights, self.each(now))
        return mixed

    def each(self, now: Known) -> Array:
        """float64 (n_forecasters, n, n_names)"""
        return np.stack([_EACH[name](self, now) for name in self.of])


def _from_scores(fitted: Forecaster, now: Known) -> Array:
    total = now.scores.sum(axis=1, keepdims=True)
    return np.where(total > 0, now.scores / np.maximum(total, 1e-9), fitted.marginal)


_EACH: dict[str, Callable[[Forecaster, Known], Array]] = {
    "persistence": lambda fitted, now: np.eye(len(fitted.marginal))[now.states],
    "marginal": lambda fitted, now: np.broadcast_to(fitted.marginal, now.recency.shape),
    "chain": lambda fitted, now: fitted.chain[now.states],
    "scores": _from_scores,
    "recency": lambda fitted, now: now.recency,
    "regression": lambda fitted, now: chances(features(now), fitted.logistic),
}


def features(now: Known) -> Array:
    """float64 (n, 3 n_names + 2): what the regression looks at."""
    n_names = now.scores.shape[1]
    columns = (
        np.eye(n_names)[now.states],
        np.log(now.scores + _LEAST_SCORE),
        now.recency,
        np.log1p(now.since_s)[:, np.newaxis],
        np.ones((len(now.states), 1)),
    )
    return np.concatenate(columns, axis=1)


def fit_model(
    segments: Sequence[Segment],
    n_names: int,
    horizon_s: float,
    of: tuple[str, ...] = FORECASTERS,
) -> Forecaster:
    """To stretches in order of time; of none it learns that everything is alike."""
    chain = Chain.fitted(segments, n_names)
    fitted = Forecaster(
        horizon_s,
        of,
        np.full(len(of), 1 / len(of)),
        chain.marginal,
        chain.after(horizon_s),
        np.zeros((n_names, 3 * n_names + 2)),
    )
    known = [one.followed(horizon_s) for one in segments]
    moments = [now for now, _ in known if len(now)]
    if not moments:
        return fitted
    truth = np.concatenate([later for _, later in known])
    given = np.concatenate([_given(fitted, now, later) for now, later in known if len(now)], axis=1)
    if "regression" in of:
        x = np.concatenate([features(now) for now in moments])
        given[of.index("regression")] = _held_out(x, truth, n_names)
        fitted = replace(fitted, logistic=regressed(x[-_NEWEST:], truth[-_NEWEST:], n_names))
    return replace(fitted, weights=_weights(given))


def _given(fitted: Forecaster, now: Known, later: NDArray[np.intp]) -> Array:
    """(n_forecasters, n): the chance that each gave to the state that followed."""
    given: Array = fitted.each(now)[:, np.arange(len(later)), later]
    return given


def _held_out(x: Array, truth: NDArray[np.intp], n_names: int) -> Array:
    """(n,): what the regression gives to moments that it has not learned from."""
    fold = np.arange(len(x)) * _FOLDS // len(x)
    given = np.empty(len(x))
    for number in range(_FOLDS):
        inside = fold == number
        others = np.flatnonzero(~inside)[-_NEWEST:]
        weights = regressed(x[others], truth[others], n_names)
        given[inside] = chances(x[inside], weights)[np.arange(inside.sum()), truth[inside]]
    return given


def _weights(given: Array) -> Array:
    """Of the mixture that makes the truth likeliest, by EM; each weighs a little in any case."""
    n_forecasters, n = given.shape
    weights: Array = np.full(n_forecasters, 1 / n_forecasters)
    for _ in range(_EM_STEPS):
        mixed = np.maximum(weights @ given, 1e-300)
        weights = (weights * (given @ (1 / mixed)) + 1) / (n + n_forecasters)
    return weights
