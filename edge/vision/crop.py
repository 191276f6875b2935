"""Rectangles cut out of a picture, upright or turned."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""uint8 (H, W), or (H, W, 3)"""


def cut(image: Picture, left: int, top: int, width: int, height: int) -> Picture:
    """A rectangle of the picture; a view where it lies inside. What it has outside of the
    picture repeats the picture's edge."""
    image_height, image_width = image.shape[:2]
    right, bottom = left + width, top + height
    if left >= 0 and top >= 0 and right <= image_width and bottom <= image_height:
        return image[top:bottom, left:right]
    columns = np.arange(left, right).clip(0, image_width - 1)
    rows = np.arange(top, bottom).clip(0, image_height - 1)
    patch: Picture = image[rows[:, None], columns]
    return patch


def cut_turned(
    image: Picture, left: int, top: int, width: int, height: int, tilt: float
) -> Picture:
    """The same rectangle, turned by `tilt` degrees around its centre, out of the whole picture:
    its corners are true surroundings. What leans clockwise by `tilt` stands upright in it."""
    across, down = (width - 1) / 2, (height - 1) / 2
    turn = np.asarray(cv2.getRotationMatrix2D((left + across, top + down), tilt, 1.0), np.float64)
    turn[:, 2] -= (left, top)
    return cv2.warpAffine(
        image, turn, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    ).astype(np.uint8, copy=False)
