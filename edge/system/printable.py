"""Text that a terminal shows and does not obey."""

from __future__ import annotations

import re

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
