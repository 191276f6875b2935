"""What a training voice may sound like on a device: faster, later, in noise, half heard.

Gain needs no augmentation: a picture of sound is relative to its own loudest point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convert.datasets.noise import segment
from convert.datasets.speech_set import Frames, crop, loudest
from edge.audio.feature_settings import FeatureSettings
from edge.audio.mel import decibels
from edge.audio.windows import normalized


@dataclass(frozen=True, slots=True)
class SoundAugmentation:
    """Ranges drawn from for each take; zero, or no speed, turns one off.

    speeds:      speed perturbation, pitch and all; each as likely as the take as it is
    shift_s:     how far the window may lie from the loudest one
    noise_share: so many of the windows get real noise at an SNR within `snr_db`
    masks:       SpecAugment (Park et al. 2019): this many stretches of time of up to
                 `mask_frames`, and as many of bands of up to `mask_bands`, become the mean
    bands_moved: the spectrum moved up or down by as many bands, as another throat would
    """

    speeds: tuple[float, ...] = (0.9, 0.95, 1.05, 1.1)
    shift_s: float = 0.4
    noise_share: float = 0.4
    snr_db: tuple[float, float] = (0.0, 30.0)
    masks: int = 2
    mask_frames: int = 24
    mask_bands: int = 6
    bands_moved: int = 2

    def apply(
        self,
        clips: Sequence[tuple[Frames, ...]],
        noises: Sequence[Frames],
        settings: FeatureSettings,
        rng: np.random.Generator,
    ) -> NDArray[np.float32]:
        """Float32 (n, window_frames, columns) in [0, 1] of n takes at the speeds."""
        return np.stack([self._window(speeds, noises, settings, rng) for speeds in clips])

    def _window(
        self,
        speeds: tuple[Frames, ...],
        noises: Sequence[Frames],
        settings: FeatureSettings,
        rng: np.random.Generator,
    ) -> NDArray[np.float32]:
        frames = speeds[int(rng.integers(len(speeds)))]
        furthest = self.shift_s * settings.sample_rate_hz / settings.hop_length
        start = loudest(frames, settings) + round(rng.uniform(-furthest, furthest))
        window = crop(frames, start, settings.window_frames)
        if noises and rng.random() < self.noise_share:
            noise = segment(noises[int(rng.integers(len(noises)))], len(window), rng)
            window = add_noise(window, noise, rng.uniform(*self.snr_db), settings.n_mels)
        moved = int(rng.integers(-self.bands_moved, self.bands_moved + 1))
        bands = np.arange(settings.n_mels) + moved
        window[:, : settings.n_mels] = window.take(bands.clip(0, settings.n_mels - 1), axis=1)
        spectrogram = normalized(window, settings)
        self._mask(spectrogram, settings.spectrum_columns, rng)
        return spectrogram

    def _mask(
        self, spectrogram: NDArray[np.float32], columns: int, rng: np.random.Generator
    ) -> None:
        mean = spectrogram[:, :columns].mean()
        for _ in range(self.masks):
            rows = _segment_of(len(spectrogram), self.mask_frames, rng)
            spectrogram[rows, :columns] = mean
            spectrogram[:, _segment_of(columns, self.mask_bands, rng)] = mean


def _segment_of(length: int, longest: int, rng: np.random.Generator) -> slice:
    span = int(rng.integers(min(longest, length) + 1))
    start = int(rng.integers(length - span + 1))
    return slice(start, start + span)


def add_noise(window: Frames, noise: Frames, snr_db: float, n_mels: int) -> Frames:
    """`noise` added to `window`, both (n, columns of `Features`), at a ratio of mean energies.

    Powers add where sounds are independent; f0 stays what it was without noise.
    """
    columns = slice(n_mels + 1)
    power, other = (
        np.power(np.float32(10), frames[:, columns] / np.float32(10)) for frames in (window, noise)
    )
    ratio = power[:, -1].mean() / other[:, -1].mean() / np.float32(10 ** (snr_db / 10))
    noisy = window.copy()
    noisy[:, columns] = decibels(power + ratio * other)
    return noisy
