"""Where events go. A sink writes, flushes, closes; a new one is a file and a line in `_TABLE`."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, TextIO, cast

from edge.system.registry import resolve
from edge.types import EmotionEvent

_TABLE = {
    "sqlite": "edge.log.event_sink:SqliteSink",
    "jsonl": "edge.sinks.jsonl:JsonlSink",
    "console": "edge.sinks.console:ConsoleSink",
    "mqtt": "edge.mqtt.sink:MqttSink",
}


class Sink(Protocol):
    """Takes events, one thread at a time; a context manager that closes itself.

    write: take one event. SinkError after close, or where the sink cannot take it.
    flush: called once a frame or so, also when no event came: do what is due, cheaply.
    close: write what is left and let go; harmless when repeated. SinkError if events are lost.
    """

    def write(self, event: EmotionEvent) -> None: ...

    def flush(self) -> None: ...

    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_sink(name: str, target: Path | TextIO, **options: Any) -> Sink:
    """The sink `name` on `target`, with the options that it has.

    target: a path for "sqlite", a text stream for "jsonl" and "console", the log for "mqtt"
    Raises UsageError for a name that is not in the table, SinkError where it cannot be opened.
    """
    return cast(Sink, resolve(_TABLE, name, "sink")(target, **options))
