"""The voice's fundamental frequency by normalised autocorrelation (Boersma 1993)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.audio.mel import hamming

F0_MIN_HZ, F0_MAX_HZ = 80.0, 500.0
VOICED = 0.5
"""The share of its energy that a frame must repeat after one period to be a voice."""
# Of nearly equal peaks the shortest period is the voice's; the longer ones are its multiples.
_AS_GOOD = 0.9


class Pitch:
    """f0 of frames; a frame must hold two periods, so 25 ms reach down to 80 Hz."""

    def __init__(self, frame_length: int, sample_rate_hz: int) -> None:
        self._rate_hz = sample_rate_hz
        self._window = hamming(frame_length)
        self._shortest = int(sample_rate_hz / F0_MAX_HZ)
        self._longest = min(int(sample_rate_hz / F0_MIN_HZ) + 1, frame_length // 2)
        # Twice the frame, so that the correlation does not wrap round.
        self._n_fft = 1 << (2 * frame_length - 1).bit_length()
        own = self._correlation(self._window[None])
        self._expected = own / own[:, :1]

    def __call__(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32 (k,), in Hz; 0 where there is no voice."""
        if not len(frames):
            return np.zeros(0, np.float32)
        centred = np.nan_to_num(frames) - np.nan_to_num(frames).mean(axis=1, keepdims=True)
        raw = self._correlation(centred * self._window)
        correlation = raw / np.maximum(raw[:, :1], np.float32(1e-9)) / self._expected
        searched = correlation[:, self._shortest : self._longest + 1]
        inner = searched[:, 1:-1]
        peaks = (inner >= searched[:, :-2]) & (inner > searched[:, 2:])
        heights = np.where(peaks, inner, np.float32(-1))
        best = heights.max(axis=1, keepdims=True)
        lag = (heights >= _AS_GOOD * np.maximum(best, 0)).argmax(axis=1) + self._shortest + 1
        hz = self._rate_hz / _summit(correlation, lag)
        return np.where(best[:, 0] >= VOICED, hz, 0).astype(np.float32)

    def _correlation(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32 (k, longest + 2): of lags 0, 1, 2 …"""
        spectrum = np.fft.rfft(frames, self._n_fft)
        power = spectrum.real**2 + spectrum.imag**2
        found = np.fft.irfft(power, self._n_fft)[:, : self._longest + 2]
        return found.astype(np.float32, copy=False)


def _summit(correlation: NDArray[np.float32], lag: NDArray[np.int_]) -> NDArray[np.float32]:
    """Where the parabola through the peak and its neighbours is highest, in samples."""
    rows = np.arange(len(lag))
    before, peak, after = (correlation[rows, lag + step] for step in (-1, 0, 1))
    bend = before - 2 * peak + after
    moved = np.where(bend < 0, (before - after) / (2 * np.minimum(bend, np.float32(-1e-9))), 0)
    return np.asarray(lag + moved.clip(-0.5, 0.5), np.float32)
