"""A live source that never ends: what dies, stalls or is not there is begun anew, with back-off."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from queue import Empty, Full, Queue
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar

from edge.errors import MissingDeviceError, SourceError
from edge.health.report import Part, State
from edge.settings.sections import ServiceSettings
from edge.sources.lifecycle import retry_delay_s

LOOK_S = 0.5
"""So often a wait is looked up from: is there something, is it time to stop?"""
LEAVE_S = 3.0
"""So long a source may take to let go, before it counts as hung in its driver."""
MAX_HUNG = 3
"""So many hung drivers are left behind in their threads; one more, and only a new process helps."""

Item = TypeVar("Item")

_log = logging.getLogger(__name__)


class SourceProtocol(Protocol):
    """What a supervised source needs of a source."""

    @property
    def name(self) -> str: ...
    @property
    def ended(self) -> str | None: ...
    def __iter__(self) -> Iterator[Any]: ...


@dataclass(frozen=True, slots=True)
class SourceSpec(Generic[Item]):
    """What a source of one kind needs.

    name:   what a person set
    begin:  makes the source anew, looked up anew: a replugged camera may have another number
    placed: the item with a new time and number: (item, timestamp_s, index) → item
    judge:  raises SourceError where what comes shows that the source is dead
    """

    name: str
    begin: Callable[[], AbstractContextManager[SourceProtocol]]
    placed: Callable[[Item, float, int], Item]
    judge: Callable[[Item], None]


class SupervisedSource(Generic[Item]):
    """Opens at once, whether or not there is a device, and iterates until it is closed.

    Each life of the source runs in a thread of its own, so that a driver that hangs holds up
    nothing: it is left behind, and another life begun. `part` is told all of it. Times go on over
    the lives. Raises SourceError when too many lives hang, and UsageError or another EdgeError
    that no waiting mends.
    """

    live = True
    stills = False
    fps: float | None = None

    def __init__(self, kind: SourceSpec[Item], settings: ServiceSettings, part: Part) -> None:
        self.name = kind.name
        self.ended: str | None = None
        self.failed = False
        self.source: Any = None
        """The latest life's source; None before the first."""
        self._kind = kind
        self._settings = settings
        self._part = part
        self._closed = threading.Event()
        self._hung: list[SourceThread[Item]] = []

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

    def __iter__(self) -> Iterator[Item]:
        began_s = time.monotonic()
        index = failures = 0
        while not self._closed.is_set():
            life: SourceThread[Item] = SourceThread(self._kind.begin)
            try:
                for item in self._lived(life):
                    failures = 0
                    timestamp_s = life.began_s - began_s + getattr(item, "timestamp_s", 0.0)
                    yield self._kind.placed(item, timestamp_s, index)
                    index += 1
            finally:
                self._leave(life)
            if not self._closed.is_set():
                self._pause(failures)
                failures += 1

    def _lived(self, life: SourceThread[Item]) -> Iterator[Item]:
        """What one life gives, until it ends, stalls, or is judged dead."""
        latest_s = time.monotonic()
        while not self._closed.is_set():
            self._part.beat()
            try:
                item = life.items.get(timeout=LOOK_S)
            except Empty:
                if life.over.is_set():
                    self._tell_end(life)
                    return
                if time.monotonic() - latest_s >= self._settings.stall_s:
                    self._say(self._part.stalled, f"nothing came for {self._settings.stall_s:g} s")
                    return
                continue
            latest_s = time.monotonic()
            self.source = life.source
            self.name = life.source.name if life.source is not None else self.name
            try:
                self._kind.judge(item)
            except SourceError as error:
                self._say(self._part.stalled, str(error))
                return
            self._part.running()
            yield item

    def _tell_end(self, life: SourceThread[Item]) -> None:
        error = life.error
        if isinstance(error, MissingDeviceError):
            self._say(self._part.waiting, str(error))
        elif error is None or isinstance(error, SourceError):
            ended = life.source.ended if life.source is not None else None
            self._say(self._part.failed, str(error or ended or "it ended"))
        else:
            self.ended, self.failed = str(error), True
            raise error

    def _say(self, tell: Callable[[str], None], reason: str) -> None:
        if self._part.report().last_error != " ".join(reason.split()):
            _log.warning("%s: %s", self.name, reason)
        tell(reason)

    def _leave(self, life: SourceThread[Item]) -> None:
        life.leave(0.0 if self._closed.is_set() else LEAVE_S)
        self._hung = [one for one in [*self._hung, life] if not one.gone]
        if len(self._hung) > MAX_HUNG and not self._closed.is_set():
            reason = f"{self.name} hung in its driver {len(self._hung)} times: restart the service"
            self._part.failed(reason)
            self.ended, self.failed = reason, True
            raise SourceError(reason)

    def _pause(self, failures: int) -> None:
        until_s = time.monotonic() + retry_delay_s(failures, self._settings.retry_delay_s)
        while not self._closed.is_set() and (left_s := until_s - time.monotonic()) > 0:
            self._part.beat()
            self._closed.wait(min(LOOK_S, left_s))
        # To look again for what is not there yet begins nothing anew.
        if not self._closed.is_set() and self._part.report().state is not State.WAITING:
            self._part.restarting()


@dataclass(slots=True, eq=False)
class SourceThread(Generic[Item]):
    """One source from its opening to its end, in a thread."""

    begin: Callable[[], AbstractContextManager[SourceProtocol]]
    items: Queue[Item] = field(default_factory=lambda: Queue(2))
    over: threading.Event = field(default_factory=threading.Event)
    source: SourceProtocol | None = None
    error: Exception | None = None
    began_s: float = 0.0
    _left: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        # A daemon: a driver that hangs must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name="source", daemon=True)
        self._thread.start()

    @property
    def gone(self) -> bool:
        return not self._thread.is_alive()

    def leave(self, patience_s: float) -> None:
        self._left.set()
        self._thread.join(patience_s)
        # Its traceback holds this life: a ring that would stay in memory for an hour or two.
        self.error = None

    def _run(self) -> None:
        try:
            with self.begin() as source:
                self.source = source
                self.began_s = time.monotonic()
                for item in source:
                    self._hand_over(item)
                    if self._left.is_set():
                        return
        except Exception as error:  # handed over too, whatever it is, to whoever still waits
            if not self._left.is_set():
                self.error = error
        finally:
            self.over.set()

    def _hand_over(self, item: Item) -> None:
        while not self._left.is_set():
            try:
                self.items.put(item, timeout=LOOK_S)
                return
            except Full:
                continue
