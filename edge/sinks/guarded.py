"""A sink of a run that must go on: what it refuses is counted and said, and nothing else stops."""

from __future__ import annotations

import logging

from edge.errors import SinkError
from edge.health.part import Part
from edge.sinks import Sink
from edge.types import EmotionEvent

_log = logging.getLogger(__name__)


class GuardedSink(Sink):
    """Passes everything on to `sink`; its SinkErrors become the state of `part`.

    refused: events that the sink did not take
    """

    def __init__(self, sink: Sink, part: Part) -> None:
        self._sink = sink
        self._part = part
        self.refused = 0
        self._part.running(0)

    def write(self, event: EmotionEvent) -> None:
        try:
            self._sink.write(event)
        except SinkError as error:
            self.refused += 1
            if self._part.report().last_error != str(error):
                _log.error("%s: %s", self._part.name, error)
            self._part.failed(str(error))
        else:
            self._part.running()

    def flush(self) -> None:
        try:
            self._sink.flush()
        except SinkError as error:
            self._part.failed(str(error))
        # A log whose disk refuses keeps its events and says nothing to us: it is asked.
        if trouble := getattr(self._sink, "trouble", None):
            self._part.waiting(str(trouble))

    def close(self) -> None:
        self._sink.close()
