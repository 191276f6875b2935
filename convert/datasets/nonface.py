"""Pictures without a face: what a network is to say nothing about."""

from __future__ import annotations

import zipfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.datasets.archives import read_arrays
from convert.datasets.face_set import SIDE
from edge.errors import DataError, MissingDataError, UsageError

HALVES = ("training", "test")
FLAT_SHARE = 0.1
"""Of those drawn for training are of one gray level: a wall, a covered lens."""


def load(path: Path, half: str) -> NDArray[np.uint8]:
    """uint8 (n, side, side): every other patch of the archive's `images`, for one use each.

    Raises MissingDataError, DataError for another kind of file, UsageError for another half.
    """
    if half not in HALVES:
        raise UsageError(f"there is no half {half!r} of the patches: choose {' or '.join(HALVES)}")
    if not path.is_file():
        raise MissingDataError(f"there are no patches at {path}: give a .npz with `images`")
    try:
        images = read_arrays(path)["images"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is no archive of patches ({error}): fetch it again") from error
    if images.ndim != 3 or images.dtype != np.uint8 or len(images) < 2:
        raise DataError(f"{path} holds {images.dtype} {images.shape}: give uint8 (n, side, side)")
    chosen: NDArray[np.uint8] = images[HALVES.index(half) :: 2]
    return chosen


def as_faces(patches: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The whole patches at a face's size: uint8 (n, 48, 48)."""
    return np.stack([_resized(patch) for patch in patches])


def draw(patches: NDArray[np.uint8], n: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """n random squares of random patches at a face's size: uint8 (n, 48, 48)."""
    side = patches.shape[1]
    drawn = np.empty((n, SIDE, SIDE), np.uint8)
    for target, patch in zip(drawn, patches[rng.integers(len(patches), size=n)], strict=True):
        cut = int(rng.integers(side // 2, side + 1))
        top, left = rng.integers(side - cut + 1, size=2)
        target[:] = _resized(patch[top : top + cut, left : left + cut])
    flat = rng.random(n) < FLAT_SHARE
    drawn[flat] = rng.integers(256, size=(int(flat.sum()), 1, 1))
    return drawn


def _resized(patch: NDArray[np.uint8]) -> NDArray[np.uint8]:
    shrinks = patch.shape[0] > SIDE
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(patch, (SIDE, SIDE), interpolation=how).astype(np.uint8, copy=False)
