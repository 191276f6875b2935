"""Sliding windows over feature frames, each a picture that a speech model takes.

A picture is relative to its own loudest point, so that it does not tell the distance to the
microphone nor its gain; its bytes are what the classifier takes, as a face's are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.audio.feature_settings import FeatureSettings
from edge.audio.mel import dct
from edge.audio.pitch import F0_MAX_HZ, F0_MIN_HZ

LEAST_CLIP_S = 0.5
"""A whole stream shorter than this is no utterance."""

_MFCC_DEVIATIONS = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """One window of a stream.

    picture: uint8 (window_frames, columns)
    start:   the first frame's number in the stream; it began at start · hop_length samples
    """

    spectrogram: NDArray[np.uint8]
    start: int


class SlidingWindows:
    """Holds the newest `window_frames` frames and gives a window every `step` frames."""

    def __init__(self, settings: FeatureSettings, step: int) -> None:
        self._settings = settings
        self._step = step
        self._buffered: NDArray[np.float32] = np.empty((0, 0), np.float32)
        # The number of the oldest frame held, and how many of them the next window skips.
        self._first, self._wait = 0, 0

    def push(self, frames: NDArray[np.float32]) -> list[Window]:
        """The windows that `frames` (k, columns of `Features`) complete, the oldest first.

        The first comes when `window_frames` frames were heard, each further one `step` later.
        """
        length = self._settings.window_frames
        self._buffered = np.concatenate((self._buffered, frames)) if len(self._buffered) else frames
        windows = []
        while len(self._buffered) - self._wait >= length:
            window = self._buffered[self._wait : self._wait + length]
            windows.append(Window(spectrogram(window, self._settings), self._first + self._wait))
            self._wait += self._step
        done = min(self._wait, len(self._buffered))
        self._buffered = self._buffered[done:].copy()
        self._first, self._wait = self._first + done, self._wait - done
        return windows

    def reset(self) -> None:
        """Forget the frames: after a gap in the stream; the next frame is number 0."""
        self._buffered = np.empty((0, 0), np.float32)
        self._first, self._wait = 0, 0


def spectrogram(frames: NDArray[np.float32], settings: FeatureSettings) -> NDArray[np.uint8]:
    """Frames (n, columns of `Features`) → uint8 (n, settings.columns): `normalized` as bytes."""
    shown: NDArray[np.uint8] = np.rint(normalized(frames, settings) * np.float32(255)).astype(
        np.uint8
    )
    return shown


def normalized(frames: NDArray[np.float32], settings: FeatureSettings) -> NDArray[np.float32]:
    """Frames (n, columns of `Features`) → float32 (n, settings.columns) in [0, 1].

    Log-mel and energy: 1 is the loudest point of the picture, 0 is `top_db` below it. MFCC:
    each coefficient's mean is the middle, three deviations the ends. f0: 80 to 500 Hz on a
    logarithmic scale, 0 where there is no voice.
    """
    bands = frames[:, : settings.n_mels]
    parts = [
        relative_to_peak(bands, settings.top_db)
        if settings.spectrum == "log_mel"
        else _normalised(bands @ dct(settings.n_mels, settings.n_mfcc))
    ]
    if settings.energy:
        parts.append(relative_to_peak(frames[:, settings.n_mels, None], settings.top_db))
    if settings.f0:
        parts.append(_pitch_share(frames[:, settings.n_mels + 1, None]))
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


def relative_to_peak(decibels: NDArray[np.float32], top_db: float) -> NDArray[np.float32]:
    """Decibels (…, n, columns) → [0, 1]: 1 is a picture's loudest point, 0 `top_db` below it."""
    peak = decibels.max(axis=(-2, -1), keepdims=True)
    below = (decibels - peak) / np.float32(top_db)
    return np.asarray(np.maximum(1 + below, 0), np.float32)


def _normalised(coefficients: NDArray[np.float32]) -> NDArray[np.float32]:
    mean = coefficients.mean(axis=0)
    spread = np.maximum(coefficients.std(axis=0), np.float32(1e-3))
    deviations = (coefficients - mean) / spread
    centred = np.float32(0.5) + deviations / np.float32(2 * _MFCC_DEVIATIONS)
    return np.asarray(np.clip(centred, 0, 1), np.float32)


def _pitch_share(hz: NDArray[np.float32]) -> NDArray[np.float32]:
    share = np.log(np.maximum(hz, F0_MIN_HZ) / F0_MIN_HZ) / np.log(F0_MAX_HZ / F0_MIN_HZ)
    # A voice is never black, however low.
    return np.asarray(np.where(hz > 0, np.clip(share, 0.02, 1), 0), np.float32)
