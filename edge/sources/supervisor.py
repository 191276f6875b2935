"""A live source that never ends: what dies, stalls or is absent is opened again, with back-off."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar

from edge.errors import MissingDeviceError, SourceError
from edge.health.part import Part, State
from edge.settings.sections import ServiceSettings
from edge.sources import Source
from edge.sources.capture import CLOSE_S, IDLE_S, CaptureThread
from edge.system.backoff import Backoff

LEAVE_S = 3.0
"""How long a source may take to let go, before it counts as hung in its driver."""
OPEN_MARGIN_S = 2.0
"""A source gives its opening up by itself, and has reasons to say; only one that hangs does not."""
MAX_HUNG = 3
"""How many hung drivers are left behind in their threads; after that only a new process helps."""

Item = TypeVar("Item")
Item_co = TypeVar("Item_co", covariant=True)

_log = logging.getLogger(__name__)


class LiveReader(Protocol[Item_co]):
    """What the pipeline reads a live source by: the newest items, and time for other work."""

    @property
    def dropped(self) -> int: ...
    def read(self, on_idle: Callable[[], bool], /) -> Iterator[Item_co]: ...
    def close(self) -> None: ...


def live_reader(source: Source[Item]) -> LiveReader[Item]:
    """A supervised source reads itself; another one is read by a thread."""
    if isinstance(source, SupervisedSource):
        return source
    return CaptureThread(lambda: nullcontext(source))


@dataclass(frozen=True, slots=True)
class SourceSpec(Generic[Item]):
    """What supervision needs to know of one kind of source.

    name:     what a person set
    begin:    makes the source, looked up each time: a replugged camera may have another number
    placed:   the item with a new time and number: (item, timestamp_s, index) → item
    check:    raises SourceError where what comes shows that the source is dead
    capacity: how many items may wait for the pipeline
    open_s:   an opening may take this long, its first item included
    """

    name: str
    begin: Callable[[], Source[Item]]
    placed: Callable[[Item, float, int], Item]
    check: Callable[[Item], None]
    capacity: int = 1
    open_s: float = 0.0


class SupervisedSource(Generic[Item]):
    """Opens at once, whether or not there is a device, and iterates until it is closed.

    Each opening has a thread of its own, so that a driver that hangs holds up nothing: it is left
    behind, and the source opened again. `part` receives each change of state. Times go on over
    the openings. Raises SourceError when too many drivers hang, and UsageError or another
    EdgeError that no waiting fixes.
    """

    live = True
    stills = False
    fps: float | None = None

    def __init__(self, spec: SourceSpec[Item], settings: ServiceSettings, part: Part) -> None:
        self.name = spec.name
        self.ended: str | None = None
        self.failed = False
        self.source: Any = None
        """The latest that delivered; None before the first."""
        self._spec = spec
        self._settings = settings
        self._part = part
        self._closed = threading.Event()
        self._on_idle: Callable[[], bool] = lambda: True
        self._capture: CaptureThread[Item] | None = None
        self._dropped = 0
        self._hung: list[CaptureThread[Item]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the iteration, from whatever thread; a second call does nothing."""
        self._closed.set()
        self.ended = self.ended or "closed"

    @property
    def dropped(self) -> int:
        """Items that a newer one replaced before they were taken."""
        return self._dropped + (self._capture.dropped if self._capture is not None else 0)

    def __iter__(self) -> Iterator[Item]:
        return self.read()

    def read(self, on_idle: Callable[[], bool] = lambda: True) -> Iterator[Item]:
        """on_idle: called twice a second while nothing comes; False closes the source"""
        self._on_idle = on_idle
        began_s = time.monotonic()
        backoff = Backoff(self._settings.retry_delay_s)
        index = 0
        while not self._closed.is_set():
            self._capture = capture = CaptureThread(self._spec.begin, self._spec.capacity)
            try:
                for item in self._captured(capture):
                    backoff.reset()
                    timestamp_s = capture.began_s - began_s + getattr(item, "timestamp_s", 0.0)
                    yield self._spec.placed(item, timestamp_s, index)
                    index += 1
                self._wait_for_end(capture)
            except GeneratorExit:  # its reader has gone
                self.close()
                raise
            finally:
                self._capture, self._dropped = None, self._dropped + capture.dropped
                capture.leave(CLOSE_S if self._closed.is_set() else 0.0)
            # To look again for what is not there yet restarts nothing.
            if backoff.wait(self._closed, self._tick) and (
                self._part.report().state is not State.WAITING
            ):
                self._part.restarting()

    def _captured(self, capture: CaptureThread[Item]) -> Iterator[Item]:
        """What one opening gives, until it ends, stalls, or counts as dead."""
        latest_s = time.monotonic()
        patience_s = max(self._settings.stall_s, self._spec.open_s + OPEN_MARGIN_S)
        while not self._closed.is_set():
            self._part.beat()
            item = capture.queue.take(IDLE_S)
            if item is None:
                if capture.queue.exhausted:
                    self._tell_end(capture)
                    return
                if time.monotonic() - latest_s >= patience_s:
                    self._say(self._part.stalled, f"nothing came for {patience_s:g} s")
                    return
                self._tick()
                continue
            latest_s, patience_s = time.monotonic(), self._settings.stall_s
            self.source = capture.source
            self.name = capture.source.name
            try:
                self._spec.check(item)
            except SourceError as error:
                self._say(self._part.stalled, str(error))
                return
            self._part.running()
            yield item

    def _tick(self) -> None:
        """Nothing comes: a sign of life, and time for what else is due."""
        self._part.beat()
        if not self._on_idle():
            self.close()

    def _tell_end(self, capture: CaptureThread[Item]) -> None:
        error = capture.error
        if isinstance(error, MissingDeviceError):
            self._say(self._part.waiting, str(error))
        elif error is None or isinstance(error, SourceError):
            ended = capture.source.ended if capture.source is not None else None
            self._say(self._part.failed, str(error or ended or "it ended"))
        else:
            self.ended, self.failed = str(error), True
            raise error

    def _say(self, tell: Callable[[str], None], reason: str) -> None:
        if self._part.report().last_error != " ".join(reason.split()):
            _log.warning("%s: %s", self.name, reason)
        tell(reason)

    def _wait_for_end(self, capture: CaptureThread[Item]) -> None:
        """Give the driver time to let go. Raises SourceError where too many have hung."""
        until_s = time.monotonic() + LEAVE_S
        while not self._closed.is_set() and (left_s := until_s - time.monotonic()) > 0:
            capture.leave(min(left_s, IDLE_S))
            if not capture.alive:
                break
            self._tick()
        self._hung = [one for one in [*self._hung, capture] if one.alive]
        if len(self._hung) > MAX_HUNG and not self._closed.is_set():
            reason = f"{self.name} hung in its driver {len(self._hung)} times: restart the service"
            self._part.failed(reason)
            self.ended, self.failed = reason, True
            raise SourceError(reason)
