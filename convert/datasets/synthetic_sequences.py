"""Courses of a face made from stills: how a network for video learns where there is no video.

FER2013's stills are moved, lit and blended into one another as faces before a camera are, then
prepared as the device prepares them. What such a course cannot show is one person's own way
from one expression to another: it is judged on true takes (`convert.datasets.ravdess_faces`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.datasets import Provenance, fer2013
from convert.datasets.face_set import SIDE, FaceSet
from convert.datasets.ravdess import LABELS
from edge.errors import DataError
from edge.models.labels import of_clips
from edge.vision.preprocess import Preprocessor
from edge.vision.sequence_settings import SequenceSettings

PROVENANCE = Provenance(
    training_data="Courses of a face made of FER2013's Training stills (moved, lit, blended within "
    "a label and from neutral), FER+ votes as soft targets; no true video. Nothing in it is "
    "labelled calm, so that this label was never learned",
    licence=fer2013.PROVENANCE.licence,
    terms=fer2013.PROVENANCE.terms,
)
_NEUTRAL = "neutral"
_JAW_ROW = 31
"""Where in a still of FER2013 the mouth begins: what is below moves when one speaks."""
_NOISE_BANK = 1 << 22


@dataclass(frozen=True, slots=True)
class Motion:
    """Ranges drawn from for each course; zero turns one off.

    rotation_deg, scale, shift (share of the side) are where a course begins, and `drift` how
    much of these ranges it moves on; `jitter` is the box's own unrest from picture to picture
    (standard deviation, share of the side). `light` is the difference that a light from one
    side makes across the face. In `jaw_share` of the courses the face speaks: what is below the
    mouth's row is stretched by up to `jaw`. `still_share` of the courses hold one still,
    `rise_share` come from a neutral one or fade into it, the rest go from one still to another
    of their label. `noise_share` have noise of a level in [0, `noise_max`].
    """

    flip: bool = True
    rotation_deg: float = 10.0
    scale: float = 0.10
    shift: float = 0.08
    drift: float = 0.5
    jitter: float = 0.015
    light: float = 0.25
    jaw: float = 0.25
    jaw_share: float = 0.5
    still_share: float = 0.4
    rise_share: float = 0.35
    noise_share: float = 0.35
    noise_max: float = 0.30


@dataclass(frozen=True, slots=True, eq=False)
class SequenceSet:
    """Labelled courses, prepared as on the device.

    images: uint8 (n, frames, 48, 48)
    labels: uint8 (n,), an index into `label_names`
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    label_names: tuple[str, ...] = LABELS

    def __len__(self) -> int:
        return len(self.labels)


class Stills:
    """Stills to make courses of, by seed.

    Raises DataError where none of them is neutral.
    """

    def __init__(self, faces: FaceSet, settings: SequenceSettings, motion: Motion) -> None:
        self.labels = np.array(_columns(faces), np.uint8)[faces.labels]
        self._images = faces.images
        self._settings = settings
        self._motion = motion
        self._preprocessor = Preprocessor(settings)
        self._of_label = {int(i): np.flatnonzero(self.labels == i) for i in set(self.labels)}
        if LABELS.index(_NEUTRAL) not in self._of_label:
            raise DataError("no face is neutral: give the whole data set")
        # Rare labels come up more often than they are there, and less often than the others.
        self._odds = 1 / np.sqrt(np.bincount(self.labels)[self.labels])
        self._odds /= self._odds.sum()

    def drawn(self, n: int, rng: np.random.Generator) -> NDArray[np.int_]:
        """Positions of `n` stills, a label as often as the root of how often it is there."""
        return rng.choice(len(self.labels), n, p=self._odds)

    def sequences(
        self, apexes: NDArray[np.int_], rng: np.random.Generator, noise: float | None = None
    ) -> tuple[NDArray[np.uint8], NDArray[np.int_]]:
        """A course to or from each still of `apexes`: uint8 (n, frames, 48, 48), and the
        positions of the stills of the same label at their other ends.

        noise: the level that all of them have, in place of what `Motion` says
        """
        motion, frames = self._motion, self._settings.frames
        kind = rng.random(len(apexes))
        neutral = LABELS.index(_NEUTRAL)
        others, begins = apexes.copy(), apexes.copy()
        for i, (apex, drawn) in enumerate(zip(apexes, kind, strict=True)):
            if drawn < motion.rise_share:
                begins[i] = rng.choice(self._of_label[neutral])
            elif drawn < 1 - motion.still_share:
                others[i] = begins[i] = rng.choice(self._of_label[int(self.labels[apex])])
        weights = _crossings(kind < motion.rise_share, frames, rng)
        out = np.empty((len(apexes), frames, SIDE, SIDE), np.uint8)
        self._move(out, begins, apexes, weights, rng)
        lit = _lit(out, motion, rng)
        _add_noise(lit, _levels(len(out), motion, rng) if noise is None else noise, rng)
        np.rint(np.clip(lit, 0, 255, out=lit), out=out, casting="unsafe")
        for image in out.reshape(-1, SIDE, SIDE):
            image[:] = self._preprocessor.normalise(image)
        return out, others

    def _move(
        self,
        out: NDArray[np.uint8],
        begins: NDArray[np.int_],
        apexes: NDArray[np.int_],
        weights: NDArray[np.float64],
        rng: np.random.Generator,
    ) -> None:
        """Blend, speak and warp, picture by picture."""
        matrices = _matrices(len(out), out.shape[1], self._motion, rng)
        jaws = _jaws(len(out), out.shape[1], self._motion, rng)
        for i, sequence in enumerate(out):
            begin, apex = self._images[begins[i]], self._images[apexes[i]]
            for t, image in enumerate(sequence):
                share = weights[i, t]
                if begin is apex or share == 1:
                    face = apex
                else:
                    face = cv2.addWeighted(apex, share, begin, 1 - share, 0)
                if jaws[i, t]:
                    face = _spoken(face, jaws[i, t])
                cv2.warpAffine(
                    face, matrices[i, t], (SIDE, SIDE), image, borderMode=cv2.BORDER_REPLICATE
                )


def drawn_set(stills: Stills, n: int, seed: int, noise: float | None = None) -> SequenceSet:
    """`n` courses, the same ones for the same stills and seed; `noise` as for `sequences`."""
    rng = np.random.default_rng(seed)
    apexes = stills.drawn(n, rng)
    images, _ = stills.sequences(apexes, rng, noise)
    return SequenceSet(images, stills.labels[apexes])


def sequence_of_each(stills: Stills, seed: int, noise: float = 0.0) -> SequenceSet:
    """One course to or from every still, the same ones for the same stills and seed, but for the
    noise."""
    images, _ = stills.sequences(np.arange(len(stills.labels)), np.random.default_rng(seed), noise)
    return SequenceSet(images, stills.labels)


def targets(faces: FaceSet, votes_share: float, *, align: bool) -> NDArray[np.float32]:
    """Of each still (n, 8), on RAVDESS's labels: the label mixed with the FER+ votes."""
    out = np.zeros((len(faces), len(LABELS)), np.float32)
    out[:, _columns(faces)] = faces.soft_targets(votes_share, align=align)
    return out


def _columns(faces: FaceSet) -> list[int]:
    return [LABELS.index(of_clips(name)) for name in faces.label_names]


def _crossings(
    rises: NDArray[np.bool_], frames: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """(n, frames): the share of the apex in each picture, from 0 to 1 along a smooth step.

    A course that comes from a neutral face shows its apex for over half of the time, whichever
    way it goes.
    """
    n = len(rises)
    middle = np.where(rises, rng.uniform(0, 0.4, n), rng.uniform(0.15, 0.85, n))[:, None]
    width = rng.uniform(0.1, 0.5, n)[:, None]
    passed = np.clip((np.linspace(0, 1, frames) - middle) / width + 0.5, 0, 1)
    mix = passed**2 * (3 - 2 * passed)
    return np.where(rng.random(n)[:, None] < 0.4, mix[:, ::-1], mix)


def _path(n: int, frames: int, drift: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """(n, frames) about [-1, 1]: from somewhere a straight way, and a swing of half a second
    to some seconds on it."""
    t = np.linspace(-0.5, 0.5, frames)
    begin, slope, swing = rng.uniform(-1, 1, (3, n, 1)) * [[[1.0]], [[drift]], [[drift / 2]]]
    swings = np.sin(2 * np.pi * (rng.uniform(0.5, 2, (n, 1)) * t + rng.random((n, 1))))
    path: NDArray[np.float64] = begin + slope * t + swing * swings
    return path


def _matrices(n: int, frames: int, motion: Motion, rng: np.random.Generator) -> NDArray[np.float64]:
    """(n, frames, 2, 3) that `cv2.warpAffine` takes: turned, scaled and flipped about the middle,
    then moved."""
    angle, zoom, dx, dy = (_path(n, frames, motion.drift, rng) for _ in range(4))
    unrest = motion.jitter * rng.standard_normal((3, n, frames))
    angle = np.deg2rad(angle * motion.rotation_deg)
    scale = 1 + zoom * motion.scale + unrest[0]
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    flipped = np.where((rng.random((n, 1)) < 0.5) & motion.flip, -1.0, 1.0)
    out = np.empty((n, frames, 2, 3))
    out[..., 0, 0], out[..., 0, 1] = flipped * cos, sin
    out[..., 1, 0], out[..., 1, 1] = -flipped * sin, cos
    middle = (SIDE - 1) / 2
    moved = SIDE * np.stack([dx * motion.shift + unrest[1], dy * motion.shift + unrest[2]], -1)
    out[..., 2] = middle + moved - out[..., :2].sum(-1) * middle
    return out


def _jaws(n: int, frames: int, motion: Motion, rng: np.random.Generator) -> NDArray[np.float64]:
    """(n, frames): by how much the lower face is stretched; 0 where nobody speaks."""
    opened = rng.uniform(0, motion.jaw, (n, frames)) * (rng.random((n, frames)) < 0.6)
    return np.where(rng.random((n, 1)) < motion.jaw_share, opened, 0.0)


def _spoken(face: NDArray[np.uint8], jaw: float) -> NDArray[np.uint8]:
    """A copy with what is below the mouth's row stretched downwards."""
    out = face.copy()
    segment = np.array([[1.0, 0, 0], [0, 1 + jaw, 0]])
    cv2.warpAffine(face[_JAW_ROW:], segment, (SIDE, SIDE - _JAW_ROW), out[_JAW_ROW:])
    return out


def _lit(
    sequences: NDArray[np.uint8], motion: Motion, rng: np.random.Generator
) -> NDArray[np.float32]:
    """float32, bytes' scale: a light from one side that wanders. What evens the whole picture's
    brightness is left out, because equalisation does."""
    n, frames = sequences.shape[:2]
    out = sequences.astype(np.float32)
    ramp = np.linspace(-0.5, 0.5, SIDE, dtype=np.float32)
    for shape in ((1, SIDE), (SIDE, 1)):
        strength = 255 * motion.light * _path(n, frames, motion.drift, rng)
        out += strength[..., None, None].astype(np.float32) * ramp.reshape(shape)
    return out


def _levels(n: int, motion: Motion, rng: np.random.Generator) -> NDArray[np.float32]:
    levels = rng.uniform(0, motion.noise_max, n) * (rng.random(n) < motion.noise_share)
    return levels.astype(np.float32)


def _add_noise(
    sequences: NDArray[np.float32], levels: NDArray[np.float32] | float, rng: np.random.Generator
) -> None:
    """The papers' noise on a scale of 255, from a place in the bank of its own for each course."""
    bank, size = _noise_bank(), sequences[0].size
    for sequence, level in zip(sequences, np.broadcast_to(levels, len(sequences)), strict=True):
        if level:
            start = rng.integers(0, len(bank) - size)
            sequence += (255 * level) * bank[start : start + size].reshape(sequence.shape)


@cache
def _noise_bank() -> NDArray[np.float32]:
    """Normal draws to take slices of: drawing them anew would take most of an epoch's time."""
    return np.random.default_rng(0).standard_normal(_NOISE_BANK, np.float32)
