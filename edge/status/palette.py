"""Which class of page.css paints a label: one colour for each meaning."""

from __future__ import annotations

import zlib

from edge.models.labels import meaning

_OWN = ("happy", "neutral", "surprise", "sad", "calm", "fear", "angry", "disgust", "unknown")
_OTHERS = 4
HEATS = 8


def colour_class(label: str) -> str:
    """A label that has no colour of its own has always the same of the others."""
    name = meaning(label)
    return f"c-{name}" if name in _OWN else f"c-other{zlib.crc32(name.encode()) % _OTHERS}"


def heat_class(count: int, highest: int) -> str:
    """From h0 for none to h8 for the most."""
    return f"h{-(-HEATS * count // highest) if highest else 0}"
