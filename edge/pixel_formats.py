"""From the pixel formats that cameras and decoders deliver to gray and to BGR."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import SourceError

Image = NDArray[np.uint8]

_TO_BGR = {
    "GRAY": cv2.COLOR_GRAY2BGR,
    "I420": cv2.COLOR_YUV2BGR_I420,
    "NV12": cv2.COLOR_YUV2BGR_NV12,
    "YUYV": cv2.COLOR_YUV2BGR_YUYV,
    "UYVY": cv2.COLOR_YUV2BGR_UYVY,
}
# Where luma is one of two channels.
_LUMA_CHANNEL = {"YUYV": 0, "UYVY": 1}
# Luma of video lies between 16 and 235.
_FULL_RANGE = np.clip(np.rint((np.arange(256) - 16) * 255 / 219), 0, 255).astype(np.uint8)


def to_bgr(pixels: Image, pixel_format: str) -> Image:
    """uint8 (H, W, 3): itself where it is BGR already; formats as in `edge.types.Frame`."""
    if pixel_format == "BGR":
        return pixels
    return cv2.cvtColor(pixels, _TO_BGR[pixel_format]).astype(np.uint8, copy=False)


def to_gray(pixels: Image, pixel_format: str = "BGR") -> Image:
    """uint8 (H, W), BT.601 luma from 0 to 255: of video's formats the Y plane, stretched."""
    if pixel_format == "GRAY":
        return pixels
    if pixel_format == "BGR":
        return cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
    if pixel_format in _LUMA_CHANNEL:
        luma = cv2.extractChannel(pixels, _LUMA_CHANNEL[pixel_format])
    else:
        luma = pixels[: pixels.shape[0] * 2 // 3]
    return cv2.LUT(luma, _FULL_RANGE).astype(np.uint8, copy=False)


def jpeg_to_bgr(data: Image) -> Image | None:
    """uint8 (H, W, 3) of a JPEG's bytes, uint8 (n,), upright as its EXIF says; None where they are
    damaged."""
    return _decoded(data, cv2.IMREAD_COLOR)


def jpeg_to_gray(data: Image) -> Image | None:
    """uint8 (H, W), its luma alone, about half of the work; None likewise."""
    return _decoded(data, cv2.IMREAD_GRAYSCALE)


def _decoded(data: Image, mode: int) -> Image | None:
    try:
        image = cv2.imdecode(data, mode)
    except cv2.error:  # no bytes, or more pixels than OpenCV dares
        return None
    return None if image is None else np.asarray(image, np.uint8)


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


def turned(image: Image, degrees: int) -> Image:
    """uint8 (H, W) or (H, W, 3), turned clockwise by 90, 180 or 270 degrees."""
    return cv2.rotate(image, _TURNS[degrees]).astype(np.uint8, copy=False)


_TURNS = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}
