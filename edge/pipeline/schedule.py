"""When a followed face is classified again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edge.pipeline.track import CachedResult, State, Track
from edge.types import Prediction


class InferenceScheduler:
    """Spaces the network's work on each face by time.

    A face is due in every frame in its first `SETTLE_S` and while the network's last word differs
    from the smoothed scores, for then something has changed; else every `interval_s`. It goes by
    timestamps alone, so that a file gives the same result everywhere.
    """

    def __init__(self, interval_s: float) -> None:
        """interval_s: 0 makes every face due in every frame"""
        self._interval_s = interval_s

    def cached(
        self, track: Track, timestamp_s: float, *, event_due: bool = False
    ) -> CachedResult | None:
        """What still holds of this face; None where it is due, as it is when its event is."""
        last = self._within_interval(track, timestamp_s)
        if event_due or last is None or not last.steady:
            return None
        return last if timestamp_s - last.first_s >= SETTLE_S else None

    def _within_interval(self, track: Track, timestamp_s: float) -> CachedResult | None:
        last = track.cached
        if last is None:
            return None
        # Below 0 the clock jumped back.
        return last if 0 <= timestamp_s - last.timestamp_s < self._interval_s - _JITTER_S else None

    def record(
        self, track: Track, prediction: Prediction, state: State, timestamp_s: float
    ) -> None:
        """The network has classified this face, and this is its state now."""
        last = track.cached
        differs = 0.5 * float(np.abs(prediction.scores - state.scores).sum())
        track.cached = CachedResult(
            replace(state, changed=False),
            prediction,
            timestamp_s,
            first_s=timestamp_s if last is None else min(last.first_s, timestamp_s),
            steady=differs <= _STEADY,
        )


class FixedIntervalScheduler(InferenceScheduler):
    """A face is due every `interval_s` and never in between: for a network that was trained on
    pictures that far apart. Its event waits for that."""

    def cached(
        self, track: Track, timestamp_s: float, *, event_due: bool = False
    ) -> CachedResult | None:
        return self._within_interval(track, timestamp_s)


SETTLE_S = 0.5
"""A new face's smoothed scores rest on few predictions; by then they have mostly settled."""

_STEADY = 0.25
"""Total variation, 0 to 1, up to which the network's word agrees with the smoothed scores."""

_JITTER_S = 0.002
"""A frame's timestamp is no exact multiple of its period."""
