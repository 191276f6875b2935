"""Is a forecast better than "it stays as it is"? Each fifth of a log, from what came before it.

So a forecast is judged as it would have been made: fitted to the past, and held against what
followed. The rival has a fitted chance of staying, and falls back on what is usual; both are fitted
to the same past in the same way.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edge.forecast.model import FORECASTERS, MARGINAL, PERSISTENCE, fit_model
from edge.forecast.sequences import Segment

PARTS = 5
CLUSTER_S = 30.0
"""The intervals take moments of one track within this many seconds for one observation."""
LEAST_MOMENTS, LEAST_CHANGES, LEAST_CLUSTERS = 200, 20, 10
_RESAMPLES, _SEED = 2000, 7


@dataclass(frozen=True, slots=True)
class Judgement:
    """Mean log-loss in nats over moments whose future is known; lower is better.

    gain: how much the forecast is better than `persistence`, with its 95 % interval
    """

    horizon_s: float
    moments: int
    clusters: int
    log_loss: float
    persistence: float
    marginal: float
    gain: tuple[float, float, float]

    @property
    def enough(self) -> bool:
        return self.moments >= LEAST_MOMENTS and self.clusters >= LEAST_CLUSTERS

    @property
    def wins(self) -> bool:
        """Whether it beats staying by more than chance."""
        return self.enough and self.gain[1] > 0


def judge(
    segments: Sequence[Segment],
    n_names: int,
    horizon_s: float,
    of: tuple[str, ...] = FORECASTERS,
) -> Judgement:
    """Forecast each part of the time but the first from all that was before it."""
    parts = [
        _evaluated(past, present, n_names, horizon_s, of) for past, present in _parts(segments)
    ]
    losses = np.concatenate([np.empty((3, 0)), *(found for found, _ in parts)], axis=1)
    clusters = np.concatenate([np.empty((2, 0)), *(where for _, where in parts)], axis=1)
    if not losses.size:
        nan = math.nan
        return Judgement(horizon_s, 0, 0, nan, nan, nan, (nan, nan, nan))
    _, cluster = np.unique(clusters, axis=1, return_inverse=True)
    ours, persistence, marginal = losses.mean(axis=1).tolist()
    gain = persistence - ours, *_interval(losses[1] - losses[0], cluster.ravel())
    return Judgement(
        horizon_s, losses.shape[1], int(cluster.max()) + 1, ours, persistence, marginal, gain
    )


_Marked = tuple[Segment, NDArray[np.bool_]]


def _parts(segments: Sequence[Segment]) -> Iterator[tuple[list[Segment], list[_Marked]]]:
    """(all that was before, each stretch with its moments inside), in order of time."""
    if not segments:
        return
    origin = min(segment.began_at for segment in segments)
    times = [(one.began_at - origin).total_seconds() + one.seconds for one in segments]
    edges = np.quantile(np.concatenate(times), np.linspace(0, 1, PARTS + 1))
    edges[-1] = np.inf
    for start, end in pairwise(edges[1:]):
        past = [segment.take(at < start) for segment, at in zip(segments, times, strict=True)]
        inside = [(at >= start) & (at < end) for at in times]
        yield [one for one in past if len(one)], list(zip(segments, inside, strict=True))


def _evaluated(
    past: list[Segment],
    present: list[_Marked],
    n_names: int,
    horizon_s: float,
    of: tuple[str, ...],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Log-losses (3, n) of the forecast and its two rivals; (2, n): which cluster each is of."""
    fitted = [fit_model(past, n_names, horizon_s, who) for who in (of, PERSISTENCE, MARGINAL)]
    losses: list[NDArray[np.float64]] = [np.empty((3, 0))]
    clusters: list[NDArray[np.float64]] = [np.empty((2, 0))]
    for number, (segment, inside) in enumerate(present):
        later = segment.at(segment.seconds + horizon_s)
        known = inside & (later >= 0)
        if known.any():
            now, truth = segment.take(known), later[known]
            chances = [one.forecast(now)[np.arange(len(truth)), truth] for one in fitted]
            losses.append(-np.log(chances))
            clusters.append(np.stack([np.full(len(truth), number), now.seconds // CLUSTER_S]))
    return np.concatenate(losses, axis=1), np.concatenate(clusters, axis=1)


def _interval(gains: NDArray[np.float64], cluster: NDArray[np.intp]) -> tuple[float, float]:
    """95 % of the mean gain, by resampling whole clusters."""
    sums, counts = np.bincount(cluster, gains), np.bincount(cluster)
    drawn = np.random.default_rng(_SEED).integers(len(sums), size=(_RESAMPLES, len(sums)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, (0.025, 0.975)).tolist()
    return low, high
