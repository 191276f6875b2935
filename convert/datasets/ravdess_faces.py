"""RAVDESS's takes with their faces: the true pairs of a face and a voice, kept for judging.

The file is an .npz of one actor's audio-visual takes: a take's name → uint8 (n, side, side),
gray crops about the face, evenly spaced through the take.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.datasets import ravdess
from convert.datasets.archives import read_arrays
from convert.datasets.ravdess import Clip
from edge.errors import DataError, MissingDataError
from edge.settings.sections import DetectionSettings, PreprocessSettings
from edge.types import Face
from edge.vision import open_detector
from edge.vision.preprocess import Preprocessor
from edge.vision.sequence_settings import SequenceSettings

TAKE_S = 3.7
"""What a spoken take lasts (actor 01's: median, from 3.2 to 5.0): the file does not say it."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceClip:
    """`take` is what the name tells; `faces` are uint8 (n, 48, 48), as the device cuts them."""

    take: Clip
    faces: NDArray[np.uint8]


def load(path: Path) -> list[FaceClip]:
    """Every take in `path`, by name.

    Raises MissingDataError, DataError for a name or a shape that is wrong.
    """
    try:
        pictures = dict(sorted(read_arrays(path).items()))
    except FileNotFoundError as error:
        raise MissingDataError(f"there is no {path}: give an .npz of takes with faces") from error
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} cannot be read as .npz ({error}): fetch it again") from error
    for name, crops in pictures.items():
        if crops.ndim != 3 or crops.dtype != np.uint8 or not len(crops):
            raise DataError(
                f"{path}: {name} is {crops.dtype} {crops.shape}: give uint8 (n, height, width)"
            )
    return [FaceClip(ravdess.parse(Path(name)), _cut(crops)) for name, crops in pictures.items()]


def sequences(take: FaceClip, settings: SequenceSettings) -> NDArray[np.uint8]:
    """Every course that begins with a picture of the take and fits into it, as the device
    prepares them: uint8 (n, frames, 48, 48), n at least 1."""
    faces = take.faces
    preprocessor = Preprocessor(settings)
    prepared = np.stack([preprocessor.normalise(face) for face in faces])
    between = TAKE_S / len(faces)
    places = np.rint(np.arange(settings.frames) * settings.step_s / between).astype(np.int_)
    starts = np.arange(max(1, len(faces) - int(places[-1])))
    chosen: NDArray[np.uint8] = prepared.take(starts[:, None] + places, axis=0, mode="clip")
    return chosen


def _cut(crops: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Where the cascade finds no face, it is where it was in the take's other pictures."""
    height, width = crops.shape[1:]
    detector = open_detector(DetectionSettings(min_face_px=max(24, min(height, width) // 3)))
    found = [max(detector.find(crop), key=lambda face: face.area, default=None) for crop in crops]
    boxes = [(face.x, face.y, face.width, face.height) for face in found if face is not None]
    typical = Face(*np.median(boxes, axis=0).astype(int).tolist()) if boxes else None
    preprocessor = Preprocessor(PreprocessSettings())
    whole = Face(0, 0, width, height)
    return np.stack(
        [
            preprocessor.crop(crop, face or typical or whole)
            for crop, face in zip(crops, found, strict=True)
        ]
    )
