"""Samples in, feature frames out: a new chunk costs only the frames that it completes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.audio.feature_settings import FeatureSettings
from edge.audio.framing import Framer
from edge.audio.mel import Spectrum, decibels
from edge.audio.pitch import Pitch


class Features:
    """The feature frames of one stream; they do not depend on how it was cut into chunks.

    A frame's columns: n_mels log-mel bands in dB; its energy in dB (0 dB: all samples ±1);
    and f0 in Hz where the settings ask for it. Sound beyond [-1, 1] is clipped; a sample that
    is not a number makes the frames it falls in silent.
    """

    def __init__(self, settings: FeatureSettings) -> None:
        self._framer = Framer(settings.frame_length, settings.hop_length)
        self._spectrum = Spectrum(settings)
        self._pitch = Pitch(settings.frame_length, settings.sample_rate_hz) if settings.f0 else None

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """The frames that `samples` (n,) at the settings' rate complete: (k, columns).

        Raises UsageError where `samples` is not float32 of one dimension.
        """
        frames = self._framer.push(np.clip(samples, -1, 1))
        # A cheap microphone's constant offset would leak into the lowest bands.
        frames = frames - frames.mean(axis=1, keepdims=True)
        power = self._spectrum.power(frames)
        energy = np.square(frames).mean(axis=1, keepdims=True)
        columns = [self._spectrum.log_mel(power), decibels(energy)]
        if self._pitch is not None:
            columns.append(self._pitch(frames)[:, None])
        return np.concatenate(columns, axis=1)

    def reset(self) -> None:
        """Forget what was heard: after a gap in the stream."""
        self._framer.reset()


def extract(samples: NDArray[np.float32], settings: FeatureSettings) -> NDArray[np.float32]:
    """The feature frames of a whole clip, as `Features` gives them."""
    return Features(settings).push(samples)
