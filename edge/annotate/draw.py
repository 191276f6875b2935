"""A coloured box, the label and the confidence on every face of a picture."""

from __future__ import annotations

import colorsys
import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.types import UNKNOWN, Face
from edge.vision.pixel_aspect import square, to_square

if TYPE_CHECKING:
    from edge.pipeline.face import FrameResult, TrackedFace

_FONT = cv2.FONT_HERSHEY_SIMPLEX

# B, G, R; told apart by lightness too, for those who do not see the hues.
_COLOURS: dict[str, tuple[int, int, int]] = {
    "angry": (48, 48, 220),
    "disgust": (60, 140, 60),
    "fear": (200, 70, 150),
    "happy": (60, 210, 250),
    "sad": (220, 130, 50),
    "surprise": (80, 160, 255),
    "neutral": (210, 210, 210),
    UNKNOWN: (130, 130, 130),
}


def colour(label: str) -> tuple[int, int, int]:
    """A label's B, G, R: its own, or for a label never seen here one that stays the same."""
    if label in _COLOURS:
        return _COLOURS[label]
    hue = zlib.crc32(label.encode("utf-8", "replace")) % 360 / 360
    red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(hue, 0.6, 0.9))
    return blue, green, red


def drawn(frame_result: FrameResult) -> NDArray[np.uint8]:
    """The frame as uint8 (H, W, 3) BGR with its faces marked, its pixels square; a new picture."""
    frame = frame_result.frame
    image = frame.image
    if frame.pixel_aspect == 1:
        image = image.copy()
        draw(image, frame_result.observations)
        return image
    image, aspect = square(image, frame.pixel_aspect), frame.pixel_aspect
    seen = [replace(one, face=to_square(one.face, aspect)) for one in frame_result.observations]
    draw(image, seen)
    return image


def draw(image: NDArray[np.uint8], observations: Sequence[TrackedFace]) -> None:
    """Draw a box and a label per face into `image`, uint8 (H, W, 3) BGR, in place.

    Lines and letters grow with the picture, so that they read from 320 to 1920 px across.
    """
    across = image.shape[1]
    thickness = max(2, round(across / 400))
    for seen in observations:
        face, state = seen.face, seen.state
        paint = colour(state.label)
        _box(image, face, paint, thickness)
        bottom = face.y + face.height - 1
        _caption(image, f"{state.label} {state.confidence:.0%}", face.x, face.y, bottom, paint)


def _box(image: NDArray[np.uint8], face: Face, paint: tuple[int, int, int], thickness: int) -> None:
    """The face's box, leaning as the head does."""
    if not face.angle:
        corner = (face.x + face.width - 1, face.y + face.height - 1)
        cv2.rectangle(image, (face.x, face.y), corner, paint, thickness)
        return
    middle = (face.x + face.width / 2, face.y + face.height / 2)
    corners = cv2.boxPoints((middle, (face.width, face.height), face.angle))
    cv2.polylines(image, [np.rint(corners).astype(np.int32)], True, paint, thickness)


def _caption(
    image: NDArray[np.uint8], text: str, left: int, top: int, bottom: int, paint: tuple[int, ...]
) -> None:
    """A filled plate with `text` above the box, below it where there is no room, always inside."""
    down, across = image.shape[:2]
    size = max(0.4, 0.25 + across / 2000)
    weight = max(1, round(across / 1000))
    (width, height), descent = cv2.getTextSize(text, _FONT, size, weight)
    pad = max(2, height // 3)
    plate_width, plate_height = width + 2 * pad, height + descent + 2 * pad
    x = max(0, min(left, across - plate_width))
    y = top - plate_height if top >= plate_height else bottom + 1
    y = max(0, min(y, down - plate_height))
    cv2.rectangle(image, (x, y), (x + plate_width - 1, y + plate_height - 1), paint, cv2.FILLED)
    blue, green, red = paint
    ink = (0, 0, 0) if 0.11 * blue + 0.59 * green + 0.30 * red > 110 else (255, 255, 255)
    base = (x + pad, y + pad + height)
    cv2.putText(image, text, base, _FONT, size, ink, weight, cv2.LINE_AA)
