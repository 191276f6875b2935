"""What may end a run before its sources do."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


@dataclass(slots=True)
class Limits:
    """`reached` says which of them ended the run; "" while none did.

    stop: set by whoever wants the run to end
    """

    stop: threading.Event
    max_frames: int | None
    max_seconds: float | None
    reached: str = ""

    def allow(self, frames: int, seconds: float) -> bool:
        """Whether the run may go on after so many frames and seconds."""
        if self.stop.is_set():
            self.reached = self.reached or "a request to stop"
        elif self.max_frames is not None and frames >= self.max_frames:
            self.reached = f"{frames} frames, as asked"
        elif self.max_seconds is not None and seconds >= self.max_seconds:
            self.reached = f"{self.max_seconds:g} s, as asked"
        return not self.reached


@contextmanager
def sigterm_as_event() -> Iterator[threading.Event]:
    """A service manager's "stop" ends the run as cleanly as the end of a file.

    Ctrl-C is an exception as ever; where that is swallowed, as Python does in a collector's
    callback or a finalizer, the event ends the run all the same.
    """
    stop = threading.Event()

    def interrupt(number: int, frame: FrameType | None) -> None:
        stop.set()
        raise KeyboardInterrupt

    try:
        before = {signal.SIGTERM: signal.signal(signal.SIGTERM, lambda *_: stop.set())}
    except ValueError:  # not the main thread: whoever runs us there handles its own signals
        yield stop
        return
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        before[signal.SIGINT] = signal.signal(signal.SIGINT, interrupt)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
