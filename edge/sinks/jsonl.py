"""Events as JSON, one a line: for the next program in the pipe, and for an export."""

from __future__ import annotations

from edge.sinks.event_json import to_line
from edge.sinks.text import TextSink
from edge.types import EmotionEvent


class JsonlSink(TextSink):
    """One JSON object a line; nothing else is written to the stream."""

    def line(self, event: EmotionEvent) -> str:
        return to_line(event)
