"""What all sources have in common, whatever they deliver; and how a live one is reopened."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

from edge.errors import EdgeError, SourceError
from edge.system.backoff import Backoff

CLOSE_MARGIN_S = 2.0

Item = TypeVar("Item")

_log = logging.getLogger(__name__)


class LifeSettings(Protocol):
    """What a source's settings say of waiting, whatever else they say."""

    @property
    def open_timeout_s(self) -> float: ...
    @property
    def read_timeout_s(self) -> float: ...
    @property
    def retries(self) -> int: ...
    @property
    def retry_delay_s(self) -> float: ...


class BaseSource(ABC, Generic[Item]):
    """Open at `with`, iterate once, end with a reason, close.

    `close` may be called from another thread: it lets a read in progress finish (each is
    bounded), wakes a source that waits, and the iteration ends.
    """

    live = False

    def __init__(self, name: str, settings: LifeSettings) -> None:
        self.name = name
        self.ended: str | None = None
        self.failed = False
        self._waits = settings
        self._items: Iterator[Item] | None = None
        self._closed = threading.Event()
        self._lock = threading.RLock()

    def __enter__(self) -> Self:
        if self._items is not None:
            raise SourceError(f"{self.name} is open already: use one `with` at a time")
        self._closed.clear()
        self.ended, self.failed = None, False
        try:
            self._open()
        except BaseException as error:
            self._end(str(error), failed=True)
            self.close()
            raise
        self._items = self._guarded()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Item]:
        if self._items is None:
            raise SourceError(f"{self.name} is not open: iterate it inside its `with`")
        return self._items

    def close(self) -> None:
        """Let go of the device or file; a second call does nothing.

        A driver that hangs in a read beyond every time limit is left behind, with a warning.
        """
        self._closed.set()
        self._wake()
        limit_s = self._waits.open_timeout_s + self._waits.read_timeout_s + CLOSE_MARGIN_S
        if self._lock.acquire(timeout=limit_s):
            try:
                self._release()
            finally:
                self._lock.release()
        else:
            _log.warning("%s hangs in its driver: it was left open", self.name)
        self._items = None
        self._end("closed")

    def _guarded(self) -> Iterator[Item]:
        try:
            yield from self._produce()
        except EdgeError as error:
            self._end(str(error), failed=True)
            raise

    def _end(self, reason: str, *, failed: bool = False) -> None:
        """The first reason counts."""
        if self.ended is None:
            self.ended, self.failed = reason, failed

    @abstractmethod
    def _open(self) -> None:
        """Get ready to deliver, or raise an EdgeError that says why not."""

    @abstractmethod
    def _produce(self) -> Iterator[Item]:
        """Deliver; before returning, say why by `_end`."""

    def _wake(self) -> None:
        """End a wait for what comes next, where one may be long."""

    def _release(self) -> None:
        """Let go of what `_open` took; harmless when repeated."""


class ReconnectingSource(BaseSource[Item]):
    """What dies is opened again, after a growing wait; `settings.retries` failures in a row end it.

    reconnects: False where whoever opened it opens another in its place, and checks what comes
    """

    live = True
    what = "source"

    def __init__(self, name: str, settings: LifeSettings) -> None:
        super().__init__(name, settings)
        self.reconnects = settings.retries > 0
        self._backoff = Backoff(settings.retry_delay_s, attempts=settings.retries)
        """Reset by whoever delivers."""

    @abstractmethod
    def _connect(self) -> None:
        """Open the device, or raise an EdgeError that says why not."""

    def _open(self) -> None:
        self._backoff.reset()
        self._connect()

    def _reconnected(self, reason: str) -> bool:
        """Try to open it again until it opens (True), is closed, or has failed too often."""
        backoff = self._backoff
        with self._lock:
            self._release()
        while not self._closed.is_set():
            if not self.reconnects or backoff.exhausted:
                tried = f" ({backoff.failures} tries to open it again failed)"
                died = f"{self.what} died: {reason}{tried if backoff.failures else ''}"
                self._end(died, failed=True)
                return False
            _log.log(
                backoff.log_level, "%s: %s; opening it again in %.1f s (try %d of %d)",
                self.name, reason, backoff.delay_s, backoff.failures + 1, backoff.attempts,
            )  # fmt: skip
            backoff.wait(self._closed)
            try:
                with self._lock:
                    if not self._closed.is_set():
                        self._connect()
                        return True
            except EdgeError as error:
                reason = str(error)
        return False
