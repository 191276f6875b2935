"""A part of a run, a source or a sink: its state, and what its driver last said of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from edge.system.redaction import redact

Clock = Callable[[], float]


class State(StrEnum):
    STARTING = "starting"
    RUNNING = "running"
    WAITING = "waiting"  # for a device, a broker or a disk that is not there
    STALLED = "stalled"  # open, and gives nothing (new)
    FAILED = "failed"  # broken, and about to be restarted


@dataclass(frozen=True, slots=True)
class PartReport:
    """name: "camera", "microphone", "log" …; kind: "source" or "sink"

    since_s:    seconds in this state
    restarts:   the number of its restarts
    last_error: the latest reason, kept when it runs again; "" if there was none
    last_error_time: when that was, ISO 8601 in UTC
    items:      frames, chunks or events so far
    """

    name: str
    kind: str
    state: State
    since_s: float
    restarts: int
    last_error: str
    last_error_time: str
    items: int


class Part:
    """One source or sink, as whoever drives it sees it; every call is cheap and from any thread."""

    def __init__(self, name: str, kind: str, clock: Clock = time.monotonic) -> None:
        self.name = name
        self.kind = kind
        self._clock = clock
        self._lock = threading.Lock()
        self._state = State.STARTING
        self._since_s = self._beat_s = clock()
        self._restarts = 0
        self._last_error = self._last_error_time = ""
        self._items = 0

    def running(self, items: int = 1) -> None:
        """It delivered or took this many items."""
        with self._lock:
            self._items += items
            self._enter(State.RUNNING)

    def restarting(self) -> None:
        """It is restarted; its state stays what it was until it runs."""
        with self._lock:
            self._restarts += 1

    def waiting(self, why: str) -> None:
        self._change(State.WAITING, why)

    def stalled(self, why: str) -> None:
        self._change(State.STALLED, why)

    def failed(self, why: str) -> None:
        self._change(State.FAILED, why)

    def mention(self, what: str) -> None:
        """Something was wrong, and it goes on."""
        with self._lock:
            self._note(what)

    def beat(self) -> None:
        """Whoever drives it is not stuck, whatever the part itself does."""
        with self._lock:
            self._beat_s = self._clock()

    @property
    def silence_s(self) -> float:
        """How long ago its driver last gave a sign of life."""
        with self._lock:
            return self._clock() - self._beat_s

    def report(self) -> PartReport:
        with self._lock:
            return PartReport(
                self.name,
                self.kind,
                self._state,
                round(self._clock() - self._since_s, 1),
                self._restarts,
                self._last_error,
                self._last_error_time,
                self._items,
            )

    def _change(self, state: State, why: str) -> None:
        with self._lock:
            if why:
                self._note(why)
            self._enter(state)

    def _note(self, why: str) -> None:
        self._last_error = redact(" ".join(why.split()))
        self._last_error_time = datetime.now(UTC).isoformat(timespec="seconds")

    def _enter(self, state: State) -> None:
        self._beat_s = self._clock()
        if state is not self._state:
            self._state, self._since_s = state, self._beat_s
