"""Whatever a driver or a decoder delivers, as one kind of image."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import SourceError


def as_bgr(image: object) -> NDArray[np.uint8]:
    """`image` as uint8 (H, W, 3) BGR; itself, not a copy, where it is that already.

    image: uint8 (H, W) or (H, W, 1) gray, (H, W, 3) BGR, (H, W, 4) BGRA; any H, W from 1 on
    Raises SourceError, with the shape, for anything else.
    """
    if not isinstance(image, np.ndarray):
        raise SourceError(f"a frame is no image but {type(image).__name__}: check the camera")
    if image.dtype != np.uint8 or image.ndim not in (2, 3) or 0 in image.shape:
        raise _unusable(image)
    channels = 1 if image.ndim == 2 else image.shape[2]
    if channels == 3:
        return image
    if channels == 1:
        return cv2.cvtColor(image, cv2.COLOR_GRAY2BGR).astype(np.uint8, copy=False)
    if channels == 4:
        return cv2.cvtColor(image, cv2.COLOR_BGRA2BGR).astype(np.uint8, copy=False)
    raise _unusable(image)


def _unusable(image: NDArray[np.generic]) -> SourceError:
    return SourceError(
        f"a frame of shape {image.shape} and type {image.dtype} cannot be used: "
        "give 8-bit gray, BGR or BGRA pictures of at least one pixel"
    )
