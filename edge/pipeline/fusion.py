"""Face and voice, at the same moment: one state out of the scores of both.

The combiner is a small network like any other, on a row of bytes: the face's scores, the
voice's, and for each sense whether it was there. It was trained with either absent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.models.card import DEFAULT_FLOOR
from edge.models.labels import FusionInputs
from edge.pipeline.events import EventThrottle
from edge.pipeline.face import FrameResult
from edge.pipeline.smoothing import Smoother
from edge.pipeline.speech import SpeechResult
from edge.pipeline.track import Track
from edge.settings.sections import Settings
from edge.types import EmotionEvent, Face, Origin, Prediction

FRESH_S = 1.0
"""A face that was last seen longer ago is not of this moment."""


class Combiner(Protocol):
    def classify(self, image: NDArray[np.uint8], /) -> Prediction:
        """image: uint8 (columns,), a `FusionInputs.row`"""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    face: Face
    scores: NDArray[np.float32]
    timestamp_s: float
    origin: Origin


class Fusion:
    """Remembers the nearest face; each voice that is heard while it is fresh makes a state.

    The nearest face is the largest one, and taken for the one that speaks. Faces and voices are
    timed by one clock.
    """

    def __init__(
        self, labels: FusionInputs, combiner: Combiner, smoother: Smoother, throttle: EventThrottle
    ) -> None:
        self._labels = labels
        self._combiner = combiner
        self._smoother = smoother
        self._throttle = throttle
        self._seen: _Seen | None = None
        self._track_id = 0
        self._track = Track()

    def see(self, frame_result: FrameResult) -> None:
        if frame_result.observations:
            nearest = max(frame_result.observations, key=lambda seen: seen.face.area)
            frame = frame_result.frame
            self._seen = _Seen(nearest.face, nearest.state.scores, frame.timestamp_s, frame.origin)

    def hear(self, speech_result: SpeechResult) -> EmotionEvent | None:
        """The event that is due, where the voice had a face."""
        seen, voice = self._seen, speech_result.state
        if voice is None or seen is None or abs(speech_result.end_s - seen.timestamp_s) > FRESH_S:
            self._track = Track()  # what was smoothed and reported was another moment
            return None
        if seen.face.track_id != self._track_id:
            self._track = Track()
            self._track_id = seen.face.track_id
        prediction = self._combiner.classify(self._labels.row(seen.scores, voice.scores))
        state = self._smoother.update(self._track, prediction, speech_result.end_s)
        return self._throttle.report(
            self._track,
            state,
            prediction.labels,
            speech_result.end_s,
            track_id=self._track_id,
            face=seen.face,
            origin=seen.origin,
        )


def build_fusion(
    settings: Settings,
    labels: FusionInputs,
    combiner: Combiner,
    started_at: datetime,
    *,
    model_name: str,
    floor: float = DEFAULT_FLOOR,
) -> Fusion:
    """The fusion that the settings describe.

    started_at: UTC, aware: when the sources' clocks were at 0
    floor: the model's own, for where the settings leave it to the model
    """
    throttle = EventThrottle(
        model=model_name,
        modality="fusion",
        started_at=started_at,
        interval_s=settings.smoothing.event_interval_s,
    )
    return Fusion(labels, combiner, Smoother(settings.smoothing, floor), throttle)
