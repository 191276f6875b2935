"""Text that a terminal shows and does not obey."""

from __future__ import annotations

import codecs
import io
import re
from typing import Any, BinaryIO, TextIO

_CONTROL = r"\x00-\x08\x0b-\x1f\x7f-\x9f"
_DIRECTION = r"\u200e\u200f\u202a-\u202e\u2066-\u2069"
_NO_TEXT = r"\ud800-\udfff"
_OBEYED = re.compile(f"[{_CONTROL}{_DIRECTION}{_NO_TEXT}]")


def printable(text: str) -> str:
    """`text` with what a terminal would obey spelt out: an escape becomes the letters \\x1b.

    That is control characters but for tab and line end, and marks that turn the direction; and
    what is no text, of which a file's name may hold some too.
    """
    return _OBEYED.sub(lambda found: ascii(found[0])[1:-1], text)


def one_line(text: str) -> str:
    """`printable`, and a line's end spelt out too: a file's name may hold one."""
    return printable(text).replace("\n", "\\n")


def bytes_onto(terminal: TextIO) -> BinaryIO:
    """The terminal for writers of files: UTF-8 in, `printable` out; to be flushed at the end."""
    return io.BufferedWriter(_Terminal(terminal))


class _Terminal(io.RawIOBase):
    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._terminal.write(printable(self._decoder.decode(bytes(data))))
        return len(data)
