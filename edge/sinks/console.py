"""Events as lines that a person reads."""

from __future__ import annotations

from typing import TextIO

from edge.sinks.text import TextSink
from edge.system.printable import one_line
from edge.types import EmotionEvent, Origin

_CELLS = 20


class ConsoleSink(TextSink):
    """Local time, who, what, how sure as a bar, and of what:

    `14:03:22  #1      happy      ███████ 71 %  clip.mp4 at 3.20 s`
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._blocks = blocks(stream)

    def line(self, event: EmotionEvent) -> str:
        when = event.time.astimezone().strftime("%H:%M:%S")
        return f"{when}  {describe(event, self._blocks)}"


def describe(event: EmotionEvent, blocks: tuple[str, str]) -> str:
    """Who, what and how sure, in columns; and of which source."""
    who = f"#{event.track_id}" if event.face else event.modality
    sure = f"{bar(event.confidence, blocks)} {event.confidence:4.0%}"
    return f"{who:<7} {event.label:<10} {sure}{_where(event.origin)}"


def _where(origin: Origin) -> str:
    """The file's name, or the device's or address, and the time in a clip."""
    if not origin.source:
        return ""
    name = origin.source if "://" in origin.source else origin.source.rpartition("/")[2]
    at = "" if origin.media_s is None else f" at {origin.media_s:.2f} s"
    return f"  {one_line(name)}{at}"


def bar(share: float, blocks: tuple[str, str]) -> str:
    """A share from 0 to 1 as 20 cells, full and empty."""
    filled = round(max(0.0, min(1.0, share)) * _CELLS)
    return blocks[0] * filled + blocks[1] * (_CELLS - filled)


def blocks(stream: TextIO) -> tuple[str, str]:
    """A bar's full and empty cell, in characters that the stream can show."""
    try:
        "█░".encode(getattr(stream, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return "#", "."
    return "█", "░"
