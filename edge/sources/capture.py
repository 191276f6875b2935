"""A thread that takes what comes in real time, so that its reader is never behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Generic, TypeVar

from edge.sources.newest_wins import NewestWinsQueue

IDLE_S = 0.5
CLOSE_S = 2.0
"""How long `close` waits for a driver to return from a read."""

Item = TypeVar("Item")


class CaptureThread(Generic[Item]):
    """Opens and iterates what `begin` gives, in a thread of its own; the newest items wait.

    queue:   the items that wait, `capacity` at most
    source:  what was opened; None before, and where it does not open
    began_s: when it was open, on the monotonic clock
    error:   what ended it, for its reader
    """

    def __init__(
        self, begin: Callable[[], AbstractContextManager[Iterable[Item]]], capacity: int = 1
    ) -> None:
        self.queue: NewestWinsQueue[Item] = NewestWinsQueue(capacity)
        self.source: Any = None
        self.began_s = 0.0
        self.error: BaseException | None = None
        self._begin = begin
        self._left = threading.Event()
        # A daemon: a driver that hangs in a read must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def dropped(self) -> int:
        return self.queue.dropped

    def read(self, on_idle: Callable[[], bool] = lambda: True) -> Iterator[Item]:
        """What comes, to its end; an error of the thread is raised after the last item.

        on_idle: called twice a second while nothing comes; False ends the reading
        """
        while True:
            item = self.queue.take(IDLE_S)
            if item is not None:
                yield item
            elif self.queue.exhausted:
                self._raise_error()
                return
            elif not on_idle():
                return

    def take_all(self) -> list[Item]:
        """What came since the last call, in order; an error is raised once, after the last."""
        items = self.queue.take_all()
        if not items and self.queue.exhausted:
            self._raise_error()
        return items

    def leave(self, patience_s: float) -> None:
        """Wait at most that long for its end, then leave it to itself."""
        self._left.set()
        self._thread.join(patience_s)
        # Its traceback holds this thread: a ring that would stay in memory for an hour or two.
        self.error = None

    def close(self) -> None:
        self.leave(CLOSE_S)

    def _raise_error(self) -> None:
        error, self.error = self.error, None
        if error is not None:
            raise error

    def _run(self) -> None:
        try:
            with self._begin() as source:
                self.source = source
                self.began_s = time.monotonic()
                for item in source:
                    self.queue.put(item)
                    if self._left.is_set():
                        return
        except BaseException as error:  # handed to whoever still reads, whatever it is
            if not self._left.is_set():
                self.error = error
        finally:
            self.queue.close()
