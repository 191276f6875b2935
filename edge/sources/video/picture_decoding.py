"""A picture's bytes into pixels: by OpenCV, and by Pillow what OpenCV cannot."""

from __future__ import annotations

import io
from importlib import import_module
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import SourceError
from edge.pixel_formats import as_bgr
from edge.sources.video.image_size import MAX_MEGAPIXELS, size_of, too_large, too_many
from edge.sources.video.picture_turn import UPRIGHT, orientation_of, upright
from edge.system.pip import pip_install

Image = NDArray[np.uint8]

_DEEP_BITS = 12
"""Scanners and cameras put 10 or 12 bits into 16; what has more is taken to have 16."""
_UNREADABLE = {
    "camera raw": "it is a camera's raw file: give it as JPEG",
    "SVG": "it is a drawing and no photograph",
    "PDF": "it is a document: give its pictures as JPEG",
    "PostScript": "it is a document: give its pictures as JPEG",
    "DICOM": "it is a medical picture: give it as PNG",
}


def decode(data: bytes, kind: str, megapixels: float = MAX_MEGAPIXELS) -> Image:
    """uint8 (H, W, 3) BGR, upright as its EXIF says; `megapixels` at most.

    Raises SourceError with the reason where it cannot be decoded.
    """
    if kind in _UNREADABLE:
        raise SourceError(_UNREADABLE[kind])
    if not data:
        raise SourceError("it is empty")
    if reason := too_large(data, megapixels):
        raise SourceError(reason)
    # Whatever OpenCV decodes has a size that is known; its decoder of JPEG 2000, which gets
    # nothing, has had holes (CVE-2025-53644).
    image = _by_opencv(data) if size_of(data) and kind != "JPEG 2000" else None
    if image is None:
        image = _by_pillow(data, kind, megapixels)
    return as_bgr(eight_bits(image))


def eight_bits(image: NDArray[Any]) -> Image:
    """Samples of more bits as uint8: of 12 in 16 the upper 8 of 12; floats by their range."""
    if image.dtype == np.uint8:
        return cast(Image, image)
    if image.dtype == np.uint16:
        bits = int(image.max()).bit_length()
        surplus = max(0, bits - 8) if bits <= _DEEP_BITS else 8
        return cast(Image, np.right_shift(image, surplus).astype(np.uint8))
    finite = np.nan_to_num(image.astype(np.float32), posinf=0.0, neginf=0.0)
    share = np.clip(finite / max(float(np.percentile(finite, 99.5)), 1e-6), 0, 1)
    if image.dtype.kind == "f":  # linear light, which the eye and our networks see by its root
        share = share ** (1 / 2.2)
    return cast(Image, (255 * share).astype(np.uint8))


def _by_opencv(data: bytes) -> NDArray[Any] | None:
    orientation = orientation_of(data)
    mode = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH
    if orientation != UPRIGHT:  # should OpenCV turn these one day, once is enough
        mode |= cv2.IMREAD_IGNORE_ORIENTATION
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), mode)
    except cv2.error:  # a header that claims an absurd size, a format that is switched off
        return None
    return None if image is None else upright(image, orientation)


def _by_pillow(data: bytes, kind: str, megapixels: float) -> NDArray[Any]:
    pillow = import_pillow(kind)
    try:
        with pillow.open(io.BytesIO(data)) as opened:
            width, height = opened.size
            if reason := too_many(width, height, megapixels):
                raise SourceError(reason)
            return _of_pillow(opened)
    except SourceError:
        raise
    except Exception as error:  # Pillow's readers raise whatever a damaged file makes of them
        known = type(error).__name__ != "UnidentifiedImageError"
        raise SourceError(
            "it cannot be decoded: it is damaged"
            if known or kind in ("JPEG", "PNG", "BMP", "TIFF", "WebP", "GIF")
            else f"{kind} cannot be read: give it as JPEG"
        ) from error


def import_pillow(kind: str) -> Any:
    """Pillow's `Image`, HEIC included. Raises SourceError where a part is missing for `kind`."""
    wanted = f"{kind} needs {pip_install('emotion-edge[pictures]')}"
    try:
        pillow: Any = import_module("PIL.Image")
    except ImportError as error:
        is_common = kind in ("JPEG", "PNG", "BMP", "TIFF", "PNM")
        raise SourceError("it cannot be decoded" if is_common else wanted) from error
    try:
        import_module("pi_heif").register_heif_opener()
    except ImportError as error:
        if kind == "HEIC":
            raise SourceError(wanted) from error
    return pillow


def _of_pillow(opened: Any) -> NDArray[Any]:
    """BGR, or gray of more than 8 bits."""
    upright = import_module("PIL.ImageOps").exif_transpose(opened)
    if upright.mode.startswith(("I", "F")):
        return np.asarray(upright)
    return np.ascontiguousarray(np.asarray(upright.convert("RGB"))[..., ::-1])
