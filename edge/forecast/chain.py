"""A continuous-time Markov chain: how long states last, and what follows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.forecast.sequences import Segment

_PRIOR_CHANGES = 3.0
"""A state's rates begin as the log's mean rates, as though it had been left this many times."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """usual: float64 (n_names,), shares of the time
    rates: float64 (n_names, n_names), changes a second from a row's state to a column's; a row's
           sum is 0
    """

    marginal: Array
    rates: Array

    @staticmethod
    def fitted(segments: Sequence[Segment], n_names: int) -> Chain:
        """Counts over seconds; of no data everything is alike."""
        changes, spent_s = np.zeros((n_names, n_names)), np.zeros(n_names)
        for segment in segments:
            before, after = segment.states[:-1], segment.states[1:]
            np.add.at(spent_s, before, np.diff(segment.seconds))
            np.add.at(changes, (before, after), before != after)
        marginal = (spent_s + 1) / (spent_s + 1).sum()
        # Seldom-seen states borrow the mean rate, and lead to what is usual.
        mean_rate = (changes.sum() + 1) / (spent_s.sum() + 1)
        others = marginal * (1 - np.eye(n_names))
        others /= others.sum(axis=1, keepdims=True)
        left = changes + _PRIOR_CHANGES * others
        rates = left / (spent_s + _PRIOR_CHANGES / mean_rate)[:, np.newaxis]
        np.fill_diagonal(rates, 0)
        np.fill_diagonal(rates, -rates.sum(axis=1))
        return Chain(marginal, rates)

    def after(self, seconds: float) -> Array:
        """float64 (n_names, n_names), sum of a row 1: the chances from each state."""
        return _exponential(self.rates * seconds)


def _exponential(matrix: Array) -> Array:
    """exp of a rate matrix, by uniformisation: all terms are positive, so nothing cancels."""
    n = len(matrix)
    fastest = float(-matrix.diagonal().min())
    halvings = max(0, int(np.ceil(np.log2(max(fastest, 1e-9)))))
    jumps, rate = np.eye(n) + matrix / max(fastest, 1e-9), fastest / 2**halvings
    term, total = np.eye(n), np.eye(n)
    for k in range(1, 30):  # rate is at most 1: what is left out is below 1e-30
        term = term @ jumps * (rate / k)
        total = total + term
    total *= np.exp(-rate)
    for _ in range(halvings):
        total = total @ total
    chances: Array = total / total.sum(axis=1, keepdims=True)
    return chances
