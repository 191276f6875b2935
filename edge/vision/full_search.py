"""Searches of whole pictures that have nothing to do with each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from edge.settings.sections import DetectionSettings
from edge.types import Face
from edge.vision import open_detector
from edge.vision.boxes import without_nested
from edge.vision.cascade import FaceDetector
from edge.vision.tilt import TILTS, find_tilted

Gray = NDArray[np.uint8]


class FullSearch:
    """The whole picture, every time: for pictures that have nothing to do with each other."""

    def __init__(self, detector: FaceDetector, *, tilted: bool = False) -> None:
        """tilted: search for heads that lean to either side, too"""
        self._detector = detector
        self._tilts = TILTS if tilted else ()

    @classmethod
    def of_stills(cls, settings: DetectionSettings) -> Self:
        """For single pictures, which have no second chance: finer steps, and tilted heads.

        Raises as `open_detector`.
        """
        finer = min(settings.scale_factor, _STILL_FACTOR)
        detector = open_detector(settings.model_copy(update={"scale_factor": finer}))
        return cls(detector, tilted=settings.tilt_interval_s > 0)

    def find(self, gray: Gray, timestamp_s: float, expected: Sequence[Face]) -> list[Face]:
        found = list(self._detector.find(gray))
        for angle in self._tilts:
            found += find_tilted(self._detector, gray, angle, _where_none_is(found, gray.shape))
        # Upright, a cheek of a tilted face may pass for a face: the larger box is the face's.
        return without_nested(sorted(found, key=_size, reverse=True) if self._tilts else found)


class WholePicture:
    """No search: every picture is one face, cut out already."""

    def find(self, gray: Gray, timestamp_s: float, expected: Sequence[Face]) -> list[Face]:
        return [Face(0, 0, gray.shape[1], gray.shape[0])]


def _where_none_is(found: Sequence[Face], shape: tuple[int, ...]) -> Gray | None:
    """255 where a picture of this shape may hold another face, 0 on and close to those found.

    None where nothing is found yet.
    """
    if not found:
        return None
    where = np.full(shape, 255, np.uint8)
    for face in found:
        across, down = _CLOSE * face.width, _CLOSE * face.height
        left, top = max(0, round(face.x - across)), max(0, round(face.y - down))
        right, bottom = round(face.x + face.width + across), round(face.y + face.height + down)
        where[top:bottom, left:right] = 0
    return where


def _size(face: Face) -> float:
    """Its side; of the same face upright and tilted, the upright one counts for more."""
    return face.width * (1.0 if face.angle else 1.25)


_STILL_FACTOR = 1.1

_CLOSE = 0.1
"""Of a face's side: so far around it no tilted one is searched for."""
