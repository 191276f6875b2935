"""An event's field `forecast`, where it is asked for and has been worth it in this log."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge.errors import MissingDataError, UsageError
from edge.forecast.judge import judge
from edge.forecast.model import Forecaster, fit_model
from edge.forecast.report import lack_of, ranked, sequences
from edge.forecast.sequences import LEAST_BREAK_S, faded
from edge.log.configure import events_log
from edge.log.reader import open_log
from edge.sinks import Sink
from edge.types import EmotionEvent

if TYPE_CHECKING:
    from pathlib import Path

    from edge.settings.sections import Settings

_MODALITIES = ("face", "speech", "fusion")
_TRACKS_KEPT = 64
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _Now:
    """One moment, as the model takes it (n = 1), and when it was."""

    time: datetime
    states: NDArray[np.intp]
    scores: NDArray[np.float32]
    recency: NDArray[np.float64]
    since_s: NDArray[np.float64]


class EventForecasts:
    """Follows the states of one modality as they come, and says what may follow."""

    def __init__(self, names: tuple[str, ...], forecaster: Forecaster) -> None:
        self._names = names
        self._forecaster = forecaster
        self._tracks: dict[int, _Now] = {}

    def on(self, event: EmotionEvent) -> EmotionEvent:
        """The event with its forecast; without one where its label is new to the log."""
        if event.label not in self._names:
            return event
        now = self._now(event)
        self._tracks.pop(event.track_id, None)
        self._tracks[event.track_id] = now
        if len(self._tracks) > _TRACKS_KEPT:  # the one that was seen last the longest ago
            del self._tracks[next(iter(self._tracks))]
        return replace(
            event, forecast=ranked(self._names, self._forecaster.forecast(now)[0].tolist())
        )

    def _now(self, event: EmotionEvent) -> _Now:
        state = self._names.index(event.label)
        before = self._tracks.get(event.track_id)
        passed_s = (event.time - before.time).total_seconds() if before else -1.0
        recency, since_s = np.eye(len(self._names))[state], 0.0
        if before is not None and 0 <= passed_s <= LEAST_BREAK_S:
            shown = int(before.states[0])
            recency = faded(before.recency[0], shown, passed_s)
            since_s = float(before.since_s[0]) + passed_s if shown == state else 0.0
        scores = [event.scores.get(name, 0.0) for name in self._names]
        return _Now(
            event.time,
            np.array([state]),
            np.array([scores], np.float32),
            recency[np.newaxis],
            np.array([since_s]),
        )


class ForecastingSink(Sink):
    """Passes everything on to `sink`, with the forecasts that there are."""

    def __init__(self, sink: Sink, forecasts: Mapping[str, EventForecasts]) -> None:
        """forecasts: modality → its own"""
        self._sink = sink
        self._forecasts = forecasts

    def write(self, event: EmotionEvent) -> None:
        forecasts = self._forecasts.get(event.modality)
        self._sink.write(event if forecasts is None else forecasts.on(event))

    def flush(self) -> None:
        self._sink.flush()

    def close(self) -> None:
        self._sink.close()


def open_forecasts(settings: Settings) -> dict[str, EventForecasts]:
    """Modality → its forecasts, fitted to the log as it is now; only those that beat staying.

    What is left out is said in a warning each.
    Raises UsageError where the settings keep no sequence of states to learn from.
    """
    path = events_log(settings)
    if path is None:
        raise UsageError(
            "forecast.enabled needs a log of events to learn from, and log.path or privacy.mode "
            "keeps none: set forecast.enabled to false"
        )
    found: dict[str, EventForecasts] = {}
    for modality in _MODALITIES:
        forecasts = _worth_it(path, modality, settings.forecast.horizon_s)
        if forecasts is not None:
            found[modality] = forecasts
    return found


def _worth_it(path: Path, modality: str, horizon_s: float) -> EventForecasts | None:
    try:
        with open_log(path) as log:
            names, segments = sequences(log, modality)
    except MissingDataError:
        names, segments = (), []
    if not segments:
        return None
    evaluated = judge(segments, len(names), horizon_s)
    lack = lack_of(sum(segment.changes for segment in segments), [evaluated])
    if not lack and not evaluated.wins:
        lack = f"{horizon_s:g} s ahead, no forecast has beaten staying in this log"
    if lack:
        _log.warning("no forecast of %s events: %s", modality, lack)
        return None
    return EventForecasts(names, fit_model(segments, len(names), horizon_s))
