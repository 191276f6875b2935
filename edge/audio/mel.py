"""Mel spectra of frames: Hamming window, FFT, Slaney's mel filters, decibels.

Slaney's scale (Auditory Toolbox, 1998) is linear below 1 kHz and logarithmic above; its
filters have unit area. librosa's defaults are the same.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.audio.feature_settings import FeatureSettings

POWER_FLOOR = 1e-10
"""Of a band or a frame: -100 dB, so that silence has a logarithm."""

_LINEAR_HZ_PER_MEL = 200 / 3
_BREAK_HZ = 1000.0
_BREAK_MEL = _BREAK_HZ / _LINEAR_HZ_PER_MEL
_LOG_STEP = np.log(6.4) / 27


class Spectrum:
    """Power spectra and log-mel bands of frames (k, frame_length)."""

    def __init__(self, settings: FeatureSettings) -> None:
        self._n_fft = settings.n_fft
        self._window = hamming(settings.frame_length)
        self._filters = mel_filters(settings)

    def power(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32 (k, n_fft // 2 + 1)."""
        spectrum = np.fft.rfft(frames * self._window, self._n_fft)
        return (spectrum.real**2 + spectrum.imag**2).astype(np.float32, copy=False)

    def log_mel(self, power: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32 (k, n_mels), in dB."""
        return decibels(power @ self._filters)


def decibels(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """10 log10, from -100 dB up. What is not a number counts as silence."""
    level: NDArray[np.float32] = np.float32(10) * np.log10(np.fmax(power, np.float32(POWER_FLOOR)))
    return level


def hamming(length: int) -> NDArray[np.float32]:
    """The periodic Hamming window, as is usual before a Fourier transform."""
    return np.hamming(length + 1)[:-1].astype(np.float32)


def mel_filters(settings: FeatureSettings) -> NDArray[np.float32]:
    """Triangles of unit area: float32 (n_fft // 2 + 1, n_mels)."""
    bins_hz = np.fft.rfftfreq(settings.n_fft, 1 / settings.sample_rate_hz)
    ends = hz_to_mel(np.array([settings.fmin_hz, settings.fmax_hz]))
    edges_hz = mel_to_hz(np.linspace(ends[0], ends[1], settings.n_mels + 2))
    low, centre, high = edges_hz[:-2], edges_hz[1:-1], edges_hz[2:]
    rising = (bins_hz[:, None] - low) / (centre - low)
    falling = (high - bins_hz[:, None]) / (high - centre)
    triangles = np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low)
    return np.asarray(triangles, np.float32)


def hz_to_mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    logarithmic = _BREAK_MEL + np.log(np.maximum(hz, _BREAK_HZ) / _BREAK_HZ) / _LOG_STEP
    return np.where(hz < _BREAK_HZ, hz / _LINEAR_HZ_PER_MEL, logarithmic)


def mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    logarithmic = _BREAK_HZ * np.exp(_LOG_STEP * (np.maximum(mel, _BREAK_MEL) - _BREAK_MEL))
    return np.where(mel < _BREAK_MEL, mel * _LINEAR_HZ_PER_MEL, logarithmic)


def dct(n_in: int, n_out: int) -> NDArray[np.float32]:
    """The orthonormal DCT-II as a matrix: log-mel (k, n_in) @ dct = MFCC (k, n_out)."""
    angles = np.pi / n_in * (np.arange(n_in)[:, None] + 0.5) * np.arange(n_out)
    basis = np.asarray(np.sqrt(2 / n_in) * np.cos(angles), np.float32)
    basis[:, 0] /= np.sqrt(np.float32(2))
    return basis
