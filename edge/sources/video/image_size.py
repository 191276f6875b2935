"""A picture's size from its first bytes, so that one that claims too much is never decoded."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable

MAX_MEGAPIXELS = 100.0
"""As `camera.max_megapixels` is by default."""
_MAX_MISSING_BYTES = 64 << 20
_PNG = b"\x89PNG\r\n\x1a\n"
_LONGEST_HDR_HEADER = 1 << 16
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def size_of(data: bytes) -> tuple[int, int] | None:
    """Width and height (px) of the kinds that OpenCV decodes; else None."""
    for magic, read in _READERS:
        if data.startswith(magic):
            try:
                return read(data)
            except (struct.error, IndexError, ValueError):
                return None
    return None


def too_large(data: bytes, megapixels: float = MAX_MEGAPIXELS) -> str:
    """Why these bytes are not to be decoded as a picture; "" where nothing speaks against it.

    Of a kind whose size is not known here, whoever decodes it asks `too_many`.
    """
    size = size_of(data)
    if size is not None and (reason := too_many(*size, megapixels)):
        return reason
    if data.startswith(_PNG) and _missing_png_bytes(data) > _MAX_MISSING_BYTES:
        return "it is damaged: its last part is far longer than the file"
    return ""


def too_many(width: int, height: int, megapixels: float) -> str:
    """Why so many pixels are not to be decoded; "" where they are not too many."""
    if width * height <= megapixels * 1e6:
        return ""
    return (
        f"it claims {width}x{height} pixels, more than {megapixels:g} million: give a smaller one,"
        " or raise camera.max_megapixels"
    )


def most_bytes(megapixels: float) -> int:
    """What the file of such a picture may have: four channels of 16 bits, and what it says."""
    return round(8e6 * megapixels) + (16 << 20)


def _missing_png_bytes(data: bytes) -> int:
    """What its chunks claim beyond the end: OpenCV takes memory for it, there or not."""
    at = len(_PNG)
    while at + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        at += length + 12  # length, type and checksum are of four bytes each
    return at - len(data)


def _png(data: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def _bmp(data: bytes) -> tuple[int, int]:
    (header,) = struct.unpack_from("<I", data, 14)
    width, height = struct.unpack_from("<HH" if header == 12 else "<ii", data, 18)
    return abs(width), abs(height)


def _jpeg(data: bytes) -> tuple[int, int]:
    at = 2
    while True:
        if data[at] != 0xFF:
            raise ValueError("no marker")
        while data[at] == 0xFF:
            at += 1
        marker = data[at]
        at += 1
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            continue
        (length,) = struct.unpack_from(">H", data, at)
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 3)
            return width, height
        at += length


def _webp(data: bytes) -> tuple[int, int]:
    kind = data[12:16]
    if data[8:12] != b"WEBP":
        raise ValueError("no WebP")
    if kind == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") for at in (24, 27))
        return width + 1, height + 1
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF


def _tiff(data: bytes) -> tuple[int, int]:
    order = "<" if data[:2] == b"II" else ">"
    (at,) = struct.unpack_from(f"{order}I", data, 4)
    (count,) = struct.unpack_from(f"{order}H", data, at)
    found = {}
    for place in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind = struct.unpack_from(f"{order}HH", data, place)
        if tag in (256, 257):
            form = "H" if kind == 3 else "I"
            (found[tag],) = struct.unpack_from(f"{order}{form}", data, place + 8)
    if len(found) != 2:
        raise ValueError("no size")
    return found[256], found[257]


def _pnm(data: bytes) -> tuple[int, int]:
    lines = (line.partition(b"#")[0] for line in data[2:400].split(b"\n"))
    width, height, *_ = b" ".join(lines).split()
    return int(width), int(height)


def _gif(data: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from("<HH", data, 6)
    return width, height


def _avif(data: bytes) -> tuple[int, int]:
    """The largest of its boxes of sizes."""
    if data[4:8] != b"ftyp":
        raise ValueError("no AVIF")
    boxes = re.finditer(rb"ispe\0\0\0\0(.{8})", data, re.DOTALL)
    return max((struct.unpack(">II", found[1]) for found in boxes), key=math.prod)


def _sun_raster(data: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", data, 4)
    return width, height


def _hdr(data: bytes) -> tuple[int, int]:
    """Of Radiance: the header ends in an empty line, the next one is "-Y HEIGHT +X WIDTH"."""
    size = data[:_LONGEST_HDR_HEADER].partition(b"\n\n")[2].partition(b"\n")[0].split()
    return int(size[3]), int(size[1])


_READERS: tuple[tuple[bytes, Callable[[bytes], tuple[int, int]]], ...] = (
    (_PNG, _png),
    (b"\xff\xd8\xff", _jpeg),
    (b"BM", _bmp),
    (b"RIFF", _webp),
    (b"II*\0", _tiff),
    (b"MM\0*", _tiff),
    (b"\x59\xa6\x6a\x95", _sun_raster),
    (b"#?R", _hdr),
    (b"GIF8", _gif),
    (b"\0\0\0", _avif),
    *((f"P{digit}".encode(), _pnm) for digit in range(1, 7)),
    (b"Pf", _pnm),
    (b"PF", _pnm),
)
