"""Events to a function: for programs that use `edge` as a library."""

from __future__ import annotations

from collections.abc import Callable

from edge.errors import SinkError
from edge.sinks import Sink
from edge.types import EmotionEvent


class CallbackSink(Sink):
    """Calls a function with each event, as it comes; what the function raises is passed on."""

    def __init__(self, on_event: Callable[[EmotionEvent], object]) -> None:
        self._on_event: Callable[[EmotionEvent], object] | None = on_event

    def write(self, event: EmotionEvent) -> None:
        if self._on_event is None:
            raise SinkError("the sink is closed: no event can be written")
        self._on_event(event)

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        self._on_event = None
