"""Which states are worth an event: a new label, and the same one again after an interval."""

from __future__ import annotations

from datetime import datetime, timedelta

from edge.pipeline.track import State, Track
from edge.types import NOWHERE, EmotionEvent, Face, Origin


class EventThrottle:
    """Makes the events of one model; a track's first state is always one."""

    def __init__(
        self, *, model: str, started_at: datetime, interval_s: float, modality: str = "face"
    ) -> None:
        """started_at: UTC, aware: when the source's clock was at 0."""
        self._model = model
        self._modality = modality
        self._started_at = started_at
        self._interval_s = interval_s

    def report(
        self,
        track: Track,
        state: State,
        labels: tuple[str, ...],
        timestamp_s: float,
        *,
        track_id: int = 0,
        face: Face | None = None,
        origin: Origin = NOWHERE,
    ) -> EmotionEvent | None:
        """The event, where one is due; a clock that jumped back makes it due at once."""
        if not state.changed and not self.due(track, timestamp_s):
            return None
        track.reported_s = timestamp_s
        return EmotionEvent(
            time=self._started_at + timedelta(seconds=timestamp_s),
            modality=self._modality,
            track_id=track_id,
            label=state.label,
            confidence=state.confidence,
            scores=dict(zip(labels, state.scores.tolist(), strict=True)),
            face=face,
            model=self._model,
            origin=origin,
        )

    def due(self, track: Track, timestamp_s: float) -> bool:
        """Whether the track's next event is due, though its label stays."""
        last_s = track.reported_s
        # Half seconds add up to a little less than one, by rounding.
        return last_s is None or not 0 <= timestamp_s - last_s < self._interval_s - 1e-6
