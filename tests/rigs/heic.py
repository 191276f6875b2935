"""A phone's HEIC picture of any other one: FFmpeg encodes it, and the boxes around it are put here.

ISO/IEC 23008-12, annex B: one HEVC key frame as the primary item of a file without a movie.
"""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import cv2


def write_heic(picture: Path, path: Path) -> None:
    """Raises CalledProcessError where ffmpeg has no x265."""
    height, width = cv2.imread(str(picture)).shape[:2]
    movie = path.with_name(f".{path.name}.mp4")
    command = (
        "ffmpeg", "-v", "error", "-y", "-i", str(picture), "-frames:v", "1", "-c:v", "libx265",
        "-x265-params", "log-level=none:crf=18", "-pix_fmt", "yuv420p", "-tag:v", "hvc1",
        str(movie),
    )  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    data = movie.read_bytes()
    movie.unlink()
    path.write_bytes(_file(_found(data, b"hvcC"), _found(data, b"mdat"), width, height))


def _file(decoder: bytes, frame: bytes, width: int, height: int) -> bytes:
    kind = _box(b"ftyp", b"heic" + bytes(4) + b"mif1heic")
    size = _full(b"ispe", struct.pack(">II", width, height))
    properties = _box(b"ipco", _box(b"hvcC", decoder) + size)
    owned = _full(b"ipma", struct.pack(">IHBBB", 1, 1, 2, 0x81, 0x02))

    def meta(at: int) -> bytes:
        handler = _full(b"hdlr", bytes(4) + b"pict" + bytes(13))
        entry = _full(b"infe", struct.pack(">HH4s", 1, 0, b"hvc1") + b"\0", version=2)
        place = struct.pack(">BBHHHHII", 0x44, 0, 1, 1, 0, 1, at, len(frame))
        inside = handler + _full(b"pitm", struct.pack(">H", 1)) + _full(b"iloc", place)
        inside += _full(b"iinf", struct.pack(">H", 1) + entry)
        return _full(b"meta", inside + _box(b"iprp", properties + owned))

    begin = len(kind) + len(meta(0)) + 8
    return kind + meta(begin) + _box(b"mdat", frame)


def _found(data: bytes, name: bytes) -> bytes:
    """The content of the only box of that name."""
    at = data.index(name)
    (size,) = struct.unpack_from(">I", data, at - 4)
    return data[at + 4 : at - 4 + size]


def _box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), name) + content


def _full(name: bytes, content: bytes, version: int = 0) -> bytes:
    return _box(name, struct.pack(">I", version << 24) + content)
