"""One steady label per face out of a prediction per frame."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.models.card import DEFAULT_FLOOR
from edge.settings.sections import SmoothingSettings
from edge.types import UNKNOWN, Prediction


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """What a face shows, after smoothing.

    label:      one of the model's labels, or `UNKNOWN`
    confidence: the label's smoothed score, 0 to 1; the top class's where the label is `UNKNOWN`
    scores:     float32 (n_classes,), smoothed, sum 1
    changed:    whether the label differs from the track's previous one; True for its first
    """

    label: str
    confidence: float
    scores: NDArray[np.float32]
    changed: bool


@dataclass(slots=True)
class _Memory:
    scores: NDArray[np.float32]
    label: str | None
    timestamp_s: float


class Smoother:
    """Exponential smoothing of each track's scores by time, then a label with hysteresis.

    Smoothing goes by seconds, not by frames, so that it acts alike at 5 and at 30 frames a
    second. A label stays until another leads by more than `hysteresis`; `UNKNOWN` takes part in
    this with the floor as its score.
    """

    def __init__(self, settings: SmoothingSettings, model_floor: float = DEFAULT_FLOOR) -> None:
        """model_floor: the floor where the settings leave it to the model (`ModelCard.floor`)."""
        self._time_constant_s = settings.time_constant_s
        self._hysteresis = settings.hysteresis
        self._floor = model_floor if settings.floor == "auto" else settings.floor
        self._tracks: dict[int, _Memory] = {}

    def update(self, track_id: int, prediction: Prediction, timestamp_s: float) -> State:
        """The track's state with this prediction in it; a clock that jumps back counts as 0 s."""
        memory = self._tracks.get(track_id)
        if memory is None:
            scores, before = prediction.scores, None
        else:
            weight = self._weight(timestamp_s - memory.timestamp_s)
            scores = memory.scores + weight * (prediction.scores - memory.scores)
            before = memory.label
        label, confidence = self._label(prediction.labels, scores, before)
        self._tracks[track_id] = _Memory(scores, label, timestamp_s)
        return State(label, confidence, scores, changed=label != before)

    def forget(self, track_id: int) -> None:
        """Drop what is known of a track that ended; one never seen is no error."""
        self._tracks.pop(track_id, None)

    def _weight(self, passed_s: float) -> np.float32:
        """The new prediction's share: 1 - exp(-dt / time constant)."""
        if self._time_constant_s == 0:
            return np.float32(1)
        return np.float32(-math.expm1(-max(0.0, passed_s) / self._time_constant_s))

    def _label(
        self, labels: tuple[str, ...], scores: NDArray[np.float32], before: str | None
    ) -> tuple[str, float]:
        top = int(scores.argmax())
        top_score = float(scores[top])
        if before is None:
            return (labels[top] if top_score >= self._floor else UNKNOWN), top_score
        current = self._floor if before == UNKNOWN else float(scores[labels.index(before)])
        if top_score >= self._floor and top_score > current + self._hysteresis:
            return labels[top], top_score
        if before != UNKNOWN and current >= self._floor:
            return before, current
        return UNKNOWN, top_score
