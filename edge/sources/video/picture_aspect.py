"""Whether a picture's pixels are square: what a JPEG (JFIF) or a PNG says of its two densities."""

from __future__ import annotations

import struct

from edge.sources.video.image_size import size_of
from edge.sources.video.opencv import plausible_aspect

_PNG = b"\x89PNG\r\n\x1a\n"
_BY_METRE = 1


def aspect_of(data: bytes, width: int, height: int) -> float:
    """A pixel's width over its height, in the picture as it was decoded: upright, of this size."""
    try:
        across, down = _jpeg(data) if data[:2] == b"\xff\xd8" else _png(data)
    except (struct.error, ValueError):
        return 1.0
    aspect = plausible_aspect(down / across if across and down else 1)
    turned = width != height and size_of(data) == (height, width)
    return 1 / aspect if turned else aspect


def _jpeg(data: bytes) -> tuple[int, int]:
    """Pixels a unit, across and down: JFIF, its first segment (ITU-T T.871)."""
    if data[2:4] != b"\xff\xe0" or data[6:11] != b"JFIF\0":
        return 1, 1
    unit, across, down = struct.unpack_from(">BHH", data, 13)
    # FFmpeg writes a pixel's width and height in their place, and its name after them.
    by_ffmpeg = unit == 0 and b"Lavc" in data[20:64]
    return (down, across) if by_ffmpeg else (across, down)


def _png(data: bytes) -> tuple[int, int]:
    """Its chunk pHYs; without a unit it is FFmpeg's, which writes a pixel's width and height."""
    if not data.startswith(_PNG):
        return 1, 1
    at = len(_PNG)
    while data[at + 4 : at + 8] not in (b"pHYs", b"IDAT", b""):
        at += struct.unpack_from(">I", data, at)[0] + 12
    if data[at + 4 : at + 8] != b"pHYs":
        return 1, 1
    across, down, unit = struct.unpack_from(">IIB", data, at + 8)
    return (across, down) if unit == _BY_METRE else (down, across)
