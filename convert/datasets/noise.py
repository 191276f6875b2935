"""Real background noise, and how it is added at a signal-to-noise ratio.

Of each recording the first half is for training and the second for tests, so that no network
is judged under noise that it was trained with.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.datasets import audio_files as sounds
from edge.errors import DataError, MissingDataError, UsageError

SNRS_DB = (20.0, 10.0, 5.0, 0.0)
HALVES = ("training", "test")
_SUFFIXES = (".flac", ".wav")


@dataclass(frozen=True, slots=True, eq=False)
class Noise:
    """samples: float32 (n,), mono, at the rate that was asked for."""

    name: str
    samples: NDArray[np.float32]


def load(folder: Path, half: str, sample_rate_hz: int = 16_000) -> list[Noise]:
    """One half ("training" or "test") of every recording in `folder`, by name.

    Raises MissingDataError where there is none, DataError for a damaged or silent one.
    """
    if half not in HALVES:
        raise UsageError(f"there is no half {half!r} of the noise: choose {' or '.join(HALVES)}")
    found = folder.iterdir() if folder.is_dir() else ()
    paths = sorted(path for path in found if path.suffix.lower() in _SUFFIXES)
    if not paths:
        raise MissingDataError(f"there is no .flac or .wav noise in {folder}: give its folder")
    return [Noise(path.stem, _half(path, half, sample_rate_hz)) for path in paths]


def _half(path: Path, half: str, sample_rate_hz: int) -> NDArray[np.float32]:
    samples = sounds.read(path, sample_rate_hz)
    middle = len(samples) // 2
    chosen = samples[:middle] if half == "training" else samples[middle:]
    if not chosen.any():
        raise DataError(f"the {half} half of the noise {path} is silent: leave the file out")
    return chosen


def segment(
    noise: NDArray[np.float32], length: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """`length` samples (or frames) of `noise` from a random place on, wrapped round at its end."""
    start = int(rng.integers(len(noise)))
    return noise.take(np.arange(start, start + length), axis=0, mode="wrap")


def mix(
    samples: NDArray[np.float32], noise: NDArray[np.float32], snr_db: float
) -> NDArray[np.float32]:
    """`samples` (n,) with `noise` (n,) scaled to `snr_db`: both powers are means over all n.

    Where either is silent there is no ratio, and `samples` come back as they are. The result
    is turned down where it would leave [-1, 1], not clipped.
    """
    power, noise_power = np.square(samples).mean(), np.square(noise).mean()
    if power == 0 or noise_power == 0:
        return samples
    gain = np.sqrt(power / noise_power / 10 ** (snr_db / 10))
    mixed = samples + np.float32(gain) * noise
    loudest: np.float32 = np.maximum(np.abs(mixed).max(), np.float32(1))
    return (mixed / loudest).astype(np.float32)
