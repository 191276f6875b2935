"""What the sinks on a text stream share: a line an event, flushed, and a reader that may leave."""

from __future__ import annotations

import os
from abc import abstractmethod
from typing import TextIO

from edge.errors import ReaderGoneError, SinkError
from edge.sinks import Sink
from edge.system.outputs import why_not
from edge.types import EmotionEvent


class TextSink(Sink):
    """Writes `line(event)` to `stream`, which stays open: it belongs to the caller.

    Every line is flushed, so that a reader at the other end of a pipe sees it at once.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._closed = False

    @abstractmethod
    def line(self, event: EmotionEvent) -> str:
        """The event's text, with no line end."""

    def write(self, event: EmotionEvent) -> None:
        """Raises SinkError after close, when the reader has gone, and when the disk is full."""
        if self._closed:
            raise SinkError(f"{self._name} is closed: no event can be written to it")
        text = self.line(event)
        try:
            self._stream.write(text + "\n")
            self._stream.flush()
        except BrokenPipeError as error:
            self._let_go()
            gone = f"the reader of {self._name} has gone: the run ends here"
            raise ReaderGoneError(gone) from error
        except OSError as error:
            self._let_go()
            raise SinkError(f"cannot write to {self._name} ({why_not(error)})") from error

    def flush(self) -> None:
        pass

    def close(self) -> None:
        self._closed = True

    @property
    def _name(self) -> str:
        return str(getattr(self._stream, "name", "the output")).strip("<>")

    def _let_go(self) -> None:
        """What the stream still holds has nowhere to go; the exit must not fail over it again."""
        self._closed = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, self._stream.fileno())
        except OSError:
            pass  # not a file of the system's (io.UnsupportedOperation): nothing to redirect
        finally:
            os.close(nowhere)
