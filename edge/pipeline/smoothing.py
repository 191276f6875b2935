"""One steady label per face out of a prediction per frame."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edge.models.card import DEFAULT_FLOOR
from edge.pipeline.track import State, Track
from edge.settings.sections import SmoothingSettings
from edge.types import UNKNOWN, Prediction


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

    def update(self, track: Track, prediction: Prediction, timestamp_s: float) -> State:
        """The track's state with this prediction in it; a clock that jumps back counts as 0 s."""
        before = track.label
        if track.scores is None:
            scores = prediction.scores
        else:
            weight = self._weight(timestamp_s - track.smoothed_s)
            scores = track.scores + weight * (prediction.scores - track.scores)
        label, confidence = self._label(prediction.labels, scores, before)
        track.scores, track.label, track.smoothed_s = scores, label, timestamp_s
        return State(label, confidence, scores, changed=label != before)

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
