"""Cutting a stream of samples into overlapping frames, whatever the lengths it comes in."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from edge.errors import UsageError


class Framer:
    """Frame i covers samples [i · hop_length, i · hop_length + frame_length): nothing is padded."""

    def __init__(self, frame_length: int, hop_length: int) -> None:
        self._frame_length, self._hop_length = frame_length, hop_length
        self._buffered: NDArray[np.float32] = np.empty(0, np.float32)

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """The frames that `samples` (n,) complete: (k, frame_length), read only, k may be 0.

        Raises UsageError where `samples` is not float32 of one dimension.
        """
        if samples.ndim != 1 or samples.dtype != np.float32:
            raise UsageError(
                f"sound is float32 (n,) and was given as {samples.dtype} {samples.shape}: "
                "mix its channels and convert it first"
            )
        self._buffered = np.concatenate((self._buffered, samples))
        n_frames = max(0, 1 + (len(self._buffered) - self._frame_length) // self._hop_length)
        if not n_frames:
            return np.empty((0, self._frame_length), np.float32)
        frames = sliding_window_view(self._buffered, self._frame_length)[:: self._hop_length]
        self._buffered = self._buffered[n_frames * self._hop_length :].copy()
        return frames

    def reset(self) -> None:
        """Forget what was heard: the next sample is the first."""
        self._buffered = np.empty(0, np.float32)
