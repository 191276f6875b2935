"""Sound files of any rate and channel count, as samples that the features take."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import DataError, MissingDataError, MissingPackageError
from edge.sources.audio.conditioning import HIGHEST_RATE_HZ, MOST_CHANNELS
from edge.system.pip import pip_install

_BLOCK = 1 << 16
_EXTRA = pip_install("emotion-edge[convert]")


def read(path: Path, sample_rate_hz: int) -> NDArray[np.float32]:
    """The sound in a WAV or FLAC, mixed to mono, at `sample_rate_hz`: float32 (n,).

    Raises MissingDataError where there is no file; DataError where it is no sound, is empty,
    or holds values that are no numbers; MissingPackageError.
    """
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise MissingPackageError(f"reading sound needs soundfile: {_EXTRA}") from error
    if not path.is_file():
        raise MissingDataError(f"there is no sound file {path}: give a .wav or .flac")
    try:
        with soundfile.SoundFile(path) as file:
            rate_hz = file.samplerate
            if file.channels > MOST_CHANNELS or rate_hz > HIGHEST_RATE_HZ:
                raise DataError(
                    f"{path} says that it has {file.channels} channels at {rate_hz} Hz: it is"
                    " damaged, fetch it again"
                )
            # What its header claims may not be there: block by block only that takes memory.
            blocks = file.blocks(blocksize=_BLOCK, dtype="float32", always_2d=True)
            channels = np.concatenate([np.empty((0, file.channels), np.float32), *blocks])
    except (soundfile.LibsndfileError, OSError) as error:
        raise DataError(f"{path} cannot be read as sound ({error}): fetch it again") from error
    if not len(channels):
        raise DataError(f"{path} holds no sound: it is truncated, fetch it again")
    if not np.isfinite(channels).all():
        raise DataError(f"{path} holds samples that are no numbers: fetch it again")
    mono: NDArray[np.float32] = channels.mean(axis=1, dtype=np.float32)
    return resample(mono, rate_hz, sample_rate_hz)


def resample(samples: NDArray[np.float32], from_hz: float, to_hz: float) -> NDArray[np.float32]:
    """float32 (n,) → (about n · to_hz / from_hz,). Raises MissingPackageError."""
    if from_hz == to_hz:
        return samples
    try:
        import soxr
    except ImportError as error:
        raise MissingPackageError(f"resampling needs soxr: {_EXTRA}") from error
    return np.asarray(soxr.resample(samples, from_hz, to_hz), np.float32)


def change_speed(samples: NDArray[np.float32], speed: float) -> NDArray[np.float32]:
    """Played `speed` times as fast, pitch and all (speed perturbation: Ko et al. 2015)."""
    return resample(samples, speed, 1.0)
