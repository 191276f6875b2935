"""Faces of heads that are tilted: the picture is turned until they stand upright."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.types import Face
from edge.vision.boxes import inside
from edge.vision.cascade import FaceDetector
from edge.vision.crop import cut, cut_turned
from edge.vision.light import stretched

Gray = NDArray[np.uint8]

TILTS = (30.0, -30.0)
"""Degrees clockwise, beside 0. A cascade of upright faces sees up to about 15 to either side."""


def find_tilted(
    detector: FaceDetector, gray: Gray, angle: float, where: Gray | None = None
) -> list[Face]:
    """The faces of heads that lean by `angle` degrees clockwise, surest first, lenient.

    gray: uint8 (H, W); where: as `FaceDetector.find`
    A box is upright, around the middle of the face, as large as if the head were upright.
    """
    height, width = gray.shape
    # Before anything even is laid over or around it, which a dark picture's range would end at.
    lit = stretched(gray)
    if where is not None:
        lit = lit.copy() if lit is gray else lit
        lit[cv2.resize(where, (width, height), interpolation=cv2.INTER_NEAREST) == 0] = _EVEN
    middle = ((width - 1) / 2, (height - 1) / 2)
    turn = cv2.getRotationMatrix2D(middle, angle, 1.0).astype(np.float64)
    across, down = abs(math.cos(math.radians(angle))), abs(math.sin(math.radians(angle)))
    size = (round(width * across + height * down), round(width * down + height * across))
    turn[:, 2] += ((size[0] - width) / 2, (size[1] - height) / 2)
    # Even around it: the cascade leaves even areas at once.
    upright = cv2.warpAffine(lit, turn, size, borderValue=_EVEN)
    back = cv2.invertAffineTransform(turn)
    found = detector.find(upright.astype(np.uint8, copy=False), lenient=True)
    faces = [_turned_back(face, back, angle, (width, height)) for face in found]
    return [face for face in faces if face is not None]


def find_around(
    detector: FaceDetector,
    gray: Gray,
    face: Face,
    *,
    room: float,
    sizes: tuple[float, float],
    lenient: bool,
) -> list[Face]:
    """The faces that lean as `face` does, in its surroundings.

    room: of its side, searched on every side of it; sizes: shares of its side between which it is
    looked for. What is searched and lies outside of the picture repeats the picture's edge.
    """
    height, width = gray.shape
    side = max(face.width, face.height)
    area_px = round(side * (1 + 2 * room))
    left = round(face.x + face.width / 2 - area_px / 2)
    top = round(face.y + face.height / 2 - area_px / 2)
    if face.angle:
        area = cut_turned(gray, left, top, area_px, area_px, face.angle)
    else:
        area = cut(gray, left, top, area_px, area_px)
    found = detector.find(area, (sizes[0] * side, sizes[1] * side), lenient=lenient)
    middle = (area_px - 1) / 2
    back = cv2.getRotationMatrix2D((middle, middle), -face.angle, 1.0).astype(np.float64)
    back[:, 2] += (left, top)
    faces = [_turned_back(each, back, face.angle, (width, height)) for each in found]
    return [each for each in faces if each is not None]


def _turned_back(
    face: Face, back: NDArray[Any], angle: float, size: tuple[int, int]
) -> Face | None:
    """A box of the turned picture in the picture itself, or None where its middle lies outside.

    back: float64 (2, 3), from the turned picture's pixels to the picture's
    """
    x, y = back @ (face.x + face.width / 2, face.y + face.height / 2, 1.0)
    if not (0 <= x < size[0] and 0 <= y < size[1]):
        return None
    width, height = face.width, face.height
    box = inside(float(x - width / 2), float(y - height / 2), width, height, size)
    return Face(box.x, box.y, box.width, box.height, angle=angle) if box.area else None


_EVEN = 128
