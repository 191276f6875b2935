"""Several corpora of speech as feature frames in memory, each clip in several acoustic versions.

Computing them is the dear part of a training (rooms, codecs and spectra of some hours of
sound), so that it is done once and may be kept in a file for the next run.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.datasets import Provenance, ravdess
from convert.datasets import audio_files as sounds
from convert.datasets.archives import read_arrays
from convert.datasets.corpus import Utterance
from convert.datasets.ravdess import LABELS
from edge.audio.feature_settings import FeatureSettings
from edge.audio.features import extract
from edge.audio.windows import spectrogram
from edge.errors import DataError
from edge.system.outputs import written_whole

Change = Callable[[NDArray[np.float32], Utterance], NDArray[np.float32]]


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """Labelled clips of any corpora.

    frames:  float16 (total, columns of `Features`), of all clips' versions one after another
    starts:  int (n, versions), where each begins in `frames`; version 0 is the clip as it is
    lengths: int (n, versions)
    """

    clips: tuple[Utterance, ...]
    frames: NDArray[np.float16]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    settings: FeatureSettings

    def __len__(self) -> int:
        return len(self.clips)

    @property
    def label_names(self) -> tuple[str, ...]:
        return LABELS

    @property
    def labels(self) -> NDArray[np.uint8]:
        """uint8 (n,), an index into `label_names`."""
        return np.array([clip.label for clip in self.clips], np.uint8)

    @property
    def corpora(self) -> NDArray[np.str_]:
        """Each clip's corpus: (n,)."""
        return np.array([clip.corpus for clip in self.clips])

    @property
    def images(self) -> NDArray[np.uint8]:
        """The loudest window of each clip as it is: uint8 (n, window_frames, columns)."""
        length = self.settings.window_frames
        shown = []
        for start, n in zip(self.starts[:, 0], self.lengths[:, 0], strict=True):
            frames = self.frames[start : start + n].astype(np.float32)
            begin = loudest(frames[:, self.settings.n_mels], length)
            window = frames.take(np.arange(begin, begin + length), axis=0, mode="clip")
            shown.append(spectrogram(window, self.settings))
        return np.stack(shown)

    @property
    def provenance(self) -> Provenance:
        """What a card says of a network that was trained on these clips."""
        parts, licences = [], []
        for corpus in dict.fromkeys(self.corpora.tolist()):
            chosen = [clip for clip in self.clips if clip.corpus == corpus]
            speakers = len({clip.speaker for clip in chosen})
            parts.append(f"{corpus}: {len(chosen)} clips of {speakers} speakers")
            licences += [f"{corpus}: {clip.licence or 'not stated'}" for clip in chosen[:1]]
        return Provenance(
            training_data="acted and posed speech; " + "; ".join(parts),
            licence="; ".join(licences),
            terms=TERMS if len(parts) > 1 else ravdess.PROVENANCE.terms,
        )

    def where(self, mask: NDArray[np.bool_]) -> Mixture:
        chosen = np.flatnonzero(mask)
        return Mixture(
            tuple(self.clips[i] for i in chosen),
            self.frames,
            self.starts[chosen],
            self.lengths[chosen],
            self.settings,
        )


TERMS = (
    "These corpora may be used for research or other non-commercial purposes only, with credit, "
    "and so may this model, which was trained on them."
)


def load(
    clips: Sequence[Utterance],
    settings: FeatureSettings,
    versions: Sequence[Change] = (),
    *,
    drawn_from: str = "",
    cache: Path | None = None,
) -> Mixture:
    """Read the clips and compute their frames, a thread a core, or take them from `cache`.

    versions:   of each clip besides itself; each is given the clip's samples
    drawn_from: says in a cache what the versions are
    Raises DataError for a damaged file, and for a cache of other clips or settings.
    """
    made_of = _digest(clips, settings, drawn_from)
    if cache is not None and cache.exists():
        return _read(cache, clips, settings, made_of)

    def compute(clip: Utterance) -> list[NDArray[np.float16]]:
        samples = sounds.read(clip.path, settings.sample_rate_hz)
        versions_of = [samples, *(change(samples, clip) for change in versions)]
        return [extract(each, settings).astype(np.float16) for each in versions_of]

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(compute, clips))
    lengths = np.array([[len(each) for each in versions_of] for versions_of in found], np.int64)
    _check(clips, lengths)
    frames = np.concatenate([each for versions_of in found for each in versions_of])
    if cache is not None:
        _write(cache, frames, lengths, made_of)
    return _mixture(clips, frames, lengths, settings)


def loudest(energies_db: NDArray[np.float32], length: int) -> int:
    """Where the `length` frames with the most energy begin; 0 where all fits into them."""
    energy = 10 ** (energies_db.astype(np.float64) / 10)
    until = np.concatenate(([0.0], energy.cumsum()))
    within = until[length:] - until[:-length]
    if not len(within):
        return 0
    # Of windows that all hold the whole voice, the middle one.
    near = np.flatnonzero(within >= 0.999 * within.max())
    return int(near[len(near) // 2])


def _check(clips: Sequence[Utterance], lengths: NDArray[np.int64]) -> None:
    short = np.flatnonzero(lengths.min(axis=1) == 0)
    if len(short):
        path = clips[int(short[0])].path
        raise DataError(f"{path} is shorter than one frame: leave it out of its csv")


def _mixture(
    clips: Sequence[Utterance],
    frames: NDArray[np.float16],
    lengths: NDArray[np.int64],
    settings: FeatureSettings,
) -> Mixture:
    ends = lengths.ravel().cumsum()
    starts = (ends - lengths.ravel()).reshape(lengths.shape)
    return Mixture(tuple(clips), frames, starts, lengths, settings)


def _digest(clips: Sequence[Utterance], settings: FeatureSettings, drawn_from: str) -> str:
    """Of all that the frames depend on, the files' content apart."""
    described = {
        "files": [f"{clip.corpus}/{clip.path.name}" for clip in clips],
        "features": settings.model_dump(exclude={"window_frames", "top_db"}),
        "versions": drawn_from,
    }
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


def _write(
    cache: Path, frames: NDArray[np.float16], lengths: NDArray[np.int64], made_of: str
) -> None:
    with written_whole(cache) as beside, beside.open("wb") as file:
        np.savez(file, frames=frames, lengths=lengths, made_of=np.array(made_of))


def _read(
    cache: Path, clips: Sequence[Utterance], settings: FeatureSettings, made_of: str
) -> Mixture:
    try:
        kept = read_arrays(cache, cache.stat().st_size)  # it is not compressed
        same = str(kept["made_of"]) == made_of
        frames, lengths = kept["frames"], kept["lengths"]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(f"{cache} is no cache of frames ({error}): remove it") from error
    if not same:
        raise DataError(
            f"{cache} holds frames of other clips or settings: remove it, or give another --cache"
        )
    return _mixture(clips, frames, lengths, settings)
