"""Is anybody speaking? Energy over an adaptive noise floor, and zero crossings.

After Rabiner and Sambur, "An algorithm for determining the endpoints of isolated utterances",
1975: a voice is louder than the room, and crosses zero less often than hiss does. The room is
what the quietest tenth of the last six seconds was.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.audio.feature_settings import FeatureSettings
from edge.audio.framing import Framer
from edge.audio.mel import decibels

FLOOR_S = 6.0
"""The room's loudness is taken from so much of the past."""
_FLOOR_SHARE = 0.10
_LOUDEST_SILENCE_DB = -65.0
"""Below this nothing is a voice, however quiet the room: it is a converter's own noise."""
_MOST_CROSSINGS = 0.35
"""Of neighbouring samples, in a voice; white noise has 0.5."""


class VoiceActivityDetector:
    """Hears the same frames as `Features` and says how much voice a window of them holds."""

    _energies_db: NDArray[np.float32]
    _crossings: NDArray[np.float32]
    _first: int
    """The number of the oldest frame held, in the stream."""

    def __init__(self, settings: FeatureSettings, margin_db: float) -> None:
        """margin_db: a voice is this much louder than the room"""
        self._framer = Framer(settings.frame_length, settings.hop_length)
        self._hop_s = settings.hop_length / settings.sample_rate_hz
        self._window_frames = settings.window_frames
        self._margin_db = margin_db
        self._floor_frames = round(FLOOR_S / self._hop_s)
        self.reset()

    def push(self, samples: NDArray[np.float32]) -> None:
        """samples: float32 (n,), the next of the stream"""
        frames = self._framer.push(np.clip(samples, -1, 1))
        frames = frames - frames.mean(axis=1, keepdims=True)
        energies_db = decibels(np.square(frames).mean(axis=1))
        negative = np.signbit(frames)
        crossings = (negative[:, 1:] != negative[:, :-1]).mean(axis=1, dtype=np.float32)
        past = max(0, len(self._energies_db) - self._floor_frames - self._window_frames)
        self._energies_db = np.concatenate((self._energies_db[past:], energies_db))
        self._crossings = np.concatenate((self._crossings[past:], crossings))
        self._first += past

    def voice_s(self, start: int) -> float:
        """Seconds of voice in the window whose first frame is number `start` of the stream."""
        begin = start - self._first
        end = begin + self._window_frames
        past_db = self._energies_db[max(0, end - self._floor_frames) : end]
        room_db = float(np.quantile(past_db, _FLOOR_SHARE))
        threshold_db = max(room_db + self._margin_db, _LOUDEST_SILENCE_DB)
        loud = self._energies_db[begin:end] > threshold_db
        voiced = loud & (self._crossings[begin:end] < _MOST_CROSSINGS)
        return int(np.count_nonzero(voiced)) * self._hop_s

    def reset(self) -> None:
        """Forget what was heard: after a gap; the next frame is number 0."""
        self._framer.reset()
        self._energies_db = np.empty(0, np.float32)
        self._crossings = np.empty(0, np.float32)
        self._first = 0
