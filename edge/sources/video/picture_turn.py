"""How a WebP or AVIF is to be turned, which OpenCV does not ask: of JPEG, PNG and TIFF it does."""

from __future__ import annotations

import re
import struct
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[Any]

UPRIGHT = 1
_ORIENTATION = 0x0112


def orientation_of(data: bytes) -> int:
    """1 to 8, as EXIF numbers them; 1 where it is upright, or says nothing."""
    try:
        if data[:4] == b"RIFF":
            return _webp(data)
        return _avif(data) if data[4:8] == b"ftyp" else UPRIGHT
    except (struct.error, IndexError):  # damaged: what can be seen of it is upright
        return UPRIGHT


def upright(image: Image, orientation: int) -> Image:
    """The picture, (H, W) or (H, W, 3), as it is to be seen."""
    if orientation in _TURNS:
        image = cv2.rotate(image, _TURNS[orientation])
    return np.ascontiguousarray(image[:, ::-1]) if orientation in _MIRRORED else image


_TURNS = {
    3: cv2.ROTATE_180,
    4: cv2.ROTATE_180,
    5: cv2.ROTATE_90_CLOCKWISE,
    6: cv2.ROTATE_90_CLOCKWISE,
    7: cv2.ROTATE_90_COUNTERCLOCKWISE,
    8: cv2.ROTATE_90_COUNTERCLOCKWISE,
}
_MIRRORED = (2, 4, 5, 7)
"""Left and right are changed after that turn."""


def _webp(data: bytes) -> int:
    """Of its chunk EXIF: a TIFF, after six bytes that some writers put before it."""
    at = 12
    while data[at : at + 4] != b"EXIF":
        (length,) = struct.unpack_from("<I", data, at + 4)
        at += 8 + length + length % 2
    exif = data[at + 8 :].removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return UPRIGHT
    (start,) = struct.unpack_from(f"{order}I", exif, 4)
    (count,) = struct.unpack_from(f"{order}H", exif, start)
    for place in range(start + 2, start + 2 + 12 * count, 12):
        tag, _, _, value = struct.unpack_from(f"{order}HHIH", exif, place)
        if tag == _ORIENTATION:
            return int(value) if 1 <= value <= 8 else UPRIGHT
    return UPRIGHT


def _avif(data: bytes) -> int:
    """Of its boxes irot (quarters to the left) and imir (ISO/IEC 23008-12, 6.5.10 and 6.5.12)."""
    head = data[:_LONGEST_HEAD]
    turn, mirror = re.search(rb"irot(.)", head, re.DOTALL), re.search(rb"imir(.)", head, re.DOTALL)
    quarters = turn[1][0] & 3 if turn else 0
    if mirror is None:
        return (1, 8, 3, 6)[quarters]
    # The turn comes first; axis 1 changes left and right, axis 0 top and bottom.
    return ((4, 5, 2, 7), (2, 7, 4, 5))[mirror[1][0] & 1][quarters]


_LONGEST_HEAD = 1 << 16
