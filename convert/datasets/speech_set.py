"""Takes as feature frames in memory, computed once for a whole training."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from convert.datasets import Provenance, ravdess
from convert.datasets import audio_files as sounds
from convert.datasets.ravdess import LABELS, Clip
from edge.audio.feature_settings import FeatureSettings
from edge.audio.features import extract
from edge.audio.windows import spectrogram

Frames = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Voices:
    """Labelled takes.

    takes:  what their names tell
    frames: of each take (n_frames, columns of `Features`), first as it is, then at the
            other speeds that were asked for
    """

    clips: tuple[Clip, ...]
    frames: tuple[tuple[Frames, ...], ...]
    settings: FeatureSettings

    def __len__(self) -> int:
        return len(self.clips)

    @property
    def label_names(self) -> tuple[str, ...]:
        return LABELS

    @property
    def labels(self) -> NDArray[np.uint8]:
        """uint8 (n,), an index into `label_names`."""
        return np.array([take.label for take in self.clips], np.uint8)

    @property
    def images(self) -> NDArray[np.uint8]:
        """The loudest window of each take, as it is: uint8 (n, window_frames, columns)."""
        length = self.settings.window_frames
        pictures = [
            spectrogram(crop(speeds[0], loudest(speeds[0], self.settings), length), self.settings)
            for speeds in self.frames
        ]
        return np.stack(pictures)

    @property
    def provenance(self) -> Provenance:
        """What a card says of a network that was trained on these takes."""
        actors = sorted({take.actor for take in self.clips})
        numbers = ", ".join(f"{actor:02}" for actor in actors)
        whole = f"{ravdess.PROVENANCE.training_data}: {len(self)} takes of actors {numbers}"
        return replace(ravdess.PROVENANCE, training_data=whole)

    def where(self, mask: NDArray[np.bool_]) -> Voices:
        chosen = np.flatnonzero(mask)
        return Voices(
            tuple(self.clips[i] for i in chosen),
            tuple(self.frames[i] for i in chosen),
            self.settings,
        )


def load(
    clips: Sequence[Clip],
    settings: FeatureSettings,
    speeds: Sequence[float] = (),
    change: Callable[[NDArray[np.float32], int], NDArray[np.float32]] | None = None,
) -> Voices:
    """Read the takes and compute their frames, a thread a core.

    `change` is given each take's samples and number before anything is computed of them: to
    put noise on them. Raises DataError for a damaged file.
    """

    def compute(number: int) -> tuple[Frames, ...]:
        samples = sounds.read(clips[number].path, settings.sample_rate_hz)
        if change is not None:
            samples = change(samples, number)
        faster = (sounds.change_speed(samples, speed) for speed in speeds)
        return tuple(extract(played, settings) for played in (samples, *faster))

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        frames = tuple(pool.map(compute, range(len(clips))))
    return Voices(tuple(clips), frames, settings)


def loudest(frames: Frames, settings: FeatureSettings) -> int:
    """Where the window with the most energy begins; 0 where all fits into one."""
    energy = 10 ** (frames[:, settings.n_mels].astype(np.float64) / 10)
    until = np.concatenate(([0.0], energy.cumsum()))
    within = until[settings.window_frames :] - until[: -settings.window_frames]
    if not len(within):
        return 0
    # Of windows that all hold the whole voice, the middle one.
    near = np.flatnonzero(within >= 0.999 * within.max())
    return int(near[len(near) // 2])


def crop(frames: Frames, start: int, length: int) -> Frames:
    """`length` frames from `start` on; beyond the ends the first or last frame stands on."""
    return frames.take(np.arange(start, start + length), axis=0, mode="clip")
