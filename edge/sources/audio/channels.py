"""Many channels into one: mixed, or the one asked for, or one alone where they cancel out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.errors import UsageError

_CANCELLED = 0.1
"""Of n channels that have nothing in common the mix has a part in n of one's power; channels
that cancel leave less than this much of that."""
_SILENT = 1e-8
"""A mean power below this (-80 dB) tells nothing."""


class ChannelMixer:
    """float32 (n, channels) → float32 (n,), chunk by chunk.

    `alone` is the channel's number (from 1) that is taken alone since the channels were found to
    cancel each other, as where a plug is wired the wrong way round; 0 until then.
    """

    def __init__(self, channel: int) -> None:
        """channel: the one to take, from 1; 0: the mix of all"""
        self.alone = 0
        self._channel = channel
        self._powers: NDArray[np.float64] | None = None
        self._mix_power = 0.0

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Raises UsageError where the sound has no channel of the number that was asked for."""
        if not len(samples):
            return np.empty(0, np.float32)
        count = samples.shape[1]
        if self._channel > count:
            raise UsageError(
                f"mic.channel is {self._channel} and the sound has {count}: give 1 to {count}, or "
                "0 for all together"
            )
        chosen = self._channel or self.alone
        if chosen or count == 1:
            return samples[:, max(chosen, 1) - 1]
        mixed: NDArray[np.float32] = samples.mean(axis=1, dtype=np.float32)
        if self._cancels(samples, mixed):
            return samples[:, self.alone - 1]
        return mixed

    def _cancels(self, samples: NDArray[np.float32], mixed: NDArray[np.float32]) -> bool:
        """Whether the channels so far, this chunk among them, leave nothing of each other."""
        powers = np.square(samples, dtype=np.float64).sum(axis=0)
        self._powers = powers if self._powers is None else self._powers + powers
        self._mix_power += float(np.square(mixed, dtype=np.float64).sum())
        mean = float(self._powers.mean())
        if mean / len(samples) < _SILENT or self._mix_power > mean * _CANCELLED / len(powers):
            return False
        self.alone = int(self._powers.argmax()) + 1
        return True
