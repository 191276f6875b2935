"""What is inside a WAV: the codecs that its header may name and libsndfile does not read."""

from __future__ import annotations

import struct
from pathlib import Path

_FOREIGN = {
    0x0050: "MPEG audio", 0x0055: "MP3", 0x00FF: "AAC", 0x0160: "Windows Media Audio",
    0x0161: "Windows Media Audio", 0x1600: "AAC", 0x1602: "AAC", 0x1610: "AAC",
    0x2000: "AC-3", 0x2001: "DTS", 0x674F: "Vorbis", 0x706D: "AAC", 0xA106: "AAC",
}  # fmt: skip  # the registered numbers, in order
_MOST_CHUNKS = 64


def foreign_codec(path: Path) -> str | None:
    """The name of a codec in the WAV `path` that takes another decoder; None for any other file."""
    try:
        with path.open("rb") as file:
            riff = file.read(12)
            if riff[:4] not in (b"RIFF", b"RF64") or riff[8:] != b"WAVE":
                return None
            for _ in range(_MOST_CHUNKS):
                head = file.read(8)
                if len(head) < 8:
                    return None
                name, size = struct.unpack("<4sI", head)
                if name == b"fmt ":
                    number = file.read(2)
                    return _FOREIGN.get(int.from_bytes(number, "little") if number[1:] else 0)
                file.seek(size + size % 2, 1)
    except OSError:
        return None
    return None
