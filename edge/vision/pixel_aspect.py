"""Pixels that are not square: a face is found in the picture as it is meant to be seen."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.types import Face


def square(image: NDArray[np.uint8], aspect: float) -> NDArray[np.uint8]:
    """uint8 (H, W * aspect) or (H, W * aspect, 3): the picture in square pixels.

    aspect: a pixel's width over its height; at 1 the image itself
    """
    if aspect == 1:
        return image
    size = (max(1, round(image.shape[1] * aspect)), image.shape[0])
    method = cv2.INTER_AREA if aspect < 1 else cv2.INTER_LINEAR
    return cv2.resize(image, size, interpolation=method).astype(np.uint8, copy=False)


def to_square(face: Face, aspect: float) -> Face:
    """A box in a frame's own pixels, as one in the picture that `square` gives."""
    return replace(face, x=round(face.x * aspect), width=round(face.width * aspect))


def from_square(face: Face, aspect: float) -> Face:
    """The reverse of `to_square`."""
    return to_square(face, 1 / aspect)
