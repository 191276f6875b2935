"""Windows of feature frames for training, a batch at a time: later, slower, cut off, masked.

Gain needs no augmentation: a picture of sound is relative to its own loudest point. What
changes samples (rooms, microphones, noise) is in acoustics.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convert.datasets.speech_mixture import Mixture, loudest
from edge.audio.windows import relative_to_peak

_WINDOW_MARGIN = 10
"""Frames that a short clip may lie beyond a window's ends."""


@dataclass(frozen=True, slots=True)
class SpectrogramAugmentation:
    """Ranges drawn from for each window; zero turns one off.

    tempo:       half of the windows are this much faster or slower at most, at the same pitch
    shift_s:     how far a window may lie from the loudest one
    cut_share:   of the windows that a clip does not fill, so many have silence around it and
                 not its first and last frame
    masks:       SpecAugment (Park et al. 2019): so many stretches of time of up to
                 `mask_frames`, and as many of bands of up to `mask_bands`, become the mean
    bands_moved: a batch's spectra moved up or down by as many bands, as another throat would
    """

    tempo: float = 0.12
    shift_s: float = 0.4
    cut_share: float = 0.4
    masks: int = 2
    mask_frames: int = 24
    mask_bands: int = 6
    bands_moved: int = 2

    def apply(
        self, mixture: Mixture, chosen: NDArray[np.int_], length: int, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """A window of each of the `chosen` clips, at a random version: (n, length, n_mels)."""
        settings = mixture.settings
        windows = self._windows(mixture, chosen, length, rng)
        moved = int(rng.integers(-self.bands_moved, self.bands_moved + 1))
        places = (np.arange(settings.n_mels) + moved).clip(0, settings.n_mels - 1)
        shown = relative_to_peak(windows.take(places, axis=2), settings.top_db)
        for spectrogram in shown:
            self._mask(spectrogram, rng)
        return np.asarray(shown, np.float32)

    def _windows(
        self, mixture: Mixture, chosen: NDArray[np.int_], length: int, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        n = len(chosen)
        version = rng.integers(0, mixture.starts.shape[1], n)
        starts, lengths = mixture.starts[chosen, version], mixture.lengths[chosen, version]
        moved = rng.random(n) < 0.5
        speed = np.where(moved, rng.uniform(1 - self.tempo, 1 + self.tempo, n), 1.0)
        begins = self._begins(mixture, starts, lengths, length * speed, rng)
        places = np.rint(begins[:, None] + np.arange(length) * speed[:, None]).astype(np.int64)
        inside = places.clip(0, lengths[:, None] - 1)
        windows = mixture.frames[starts[:, None] + inside].astype(np.float32)
        cut = (places != inside) & (rng.random(n) < self.cut_share)[:, None]
        silence_db = windows.max(axis=(1, 2)) - rng.uniform(50, 90, n)
        silent = np.minimum(windows, silence_db[:, None, None].astype(np.float32))
        return np.asarray(np.where(cut[..., None], silent, windows), np.float32)

    def _begins(
        self,
        mixture: Mixture,
        starts: NDArray[np.int64],
        lengths: NDArray[np.int64],
        spanned: NDArray[np.float64],
        rng: np.random.Generator,
    ) -> NDArray[np.float64]:
        """Where each window begins: near the loudest place, or anywhere around a short clip."""
        settings, n = mixture.settings, len(starts)
        furthest = self.shift_s * settings.sample_rate_hz / settings.hop_length
        shift = rng.uniform(-furthest, furthest, n)
        anywhere = rng.random(n)
        begins = np.empty(n)
        for i, (start, count) in enumerate(zip(starts, lengths, strict=True)):
            spare = count - spanned[i]
            if spare < 0:
                begins[i] = anywhere[i] * (spare - 2 * _WINDOW_MARGIN) + _WINDOW_MARGIN
            else:
                energies_db = mixture.frames[start : start + count, settings.n_mels]
                loud = loudest(energies_db.astype(np.float32), int(spanned[i]))
                begins[i] = loud + shift[i]
        return begins

    def _mask(self, shown: NDArray[np.float32], rng: np.random.Generator) -> None:
        mean = shown.mean()
        for _ in range(self.masks):
            shown[_segment_of(len(shown), self.mask_frames, rng)] = mean
            shown[:, _segment_of(shown.shape[1], self.mask_bands, rng)] = mean


def _segment_of(length: int, longest: int, rng: np.random.Generator) -> slice:
    span = int(rng.integers(min(longest, length) + 1))
    start = int(rng.integers(length - span + 1))
    return slice(start, start + span)
