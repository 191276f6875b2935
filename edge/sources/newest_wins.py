"""The hand-over between two threads: a bounded queue in which the newest items win."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class NewestWinsQueue(Generic[Item]):
    """At most `capacity` items wait, in order; one more drops the oldest, and `dropped` counts it.

    `put` never waits, so a driver's own thread may call it. Items are handed over by reference.
    """

    def __init__(self, capacity: int) -> None:
        self.dropped = 0
        self._capacity = capacity
        self._items: deque[Item] = deque()
        self._closed = False
        self._changed = threading.Condition()

    def __len__(self) -> int:
        return len(self._items)

    @property
    def exhausted(self) -> bool:
        """It is closed and empty."""
        return self._closed and not self._items

    def put(self, item: Item) -> None:
        with self._changed:
            if self._closed:
                return
            if len(self._items) >= self._capacity:
                self._items.popleft()
                self.dropped += 1
            self._items.append(item)
            self._changed.notify()

    def take(self, timeout_s: float) -> Item | None:
        """The oldest item; None where none comes within `timeout_s`, or before it is closed."""
        with self._changed:
            if not self._items:
                self._changed.wait_for(self._is_settled, timeout_s)
            return self._items.popleft() if self._items else None

    def take_all(self) -> list[Item]:
        """What waits now, in order."""
        with self._changed:
            items = list(self._items)
            self._items.clear()
        return items

    def close(self) -> None:
        """The reader gets what waits, and waits no longer; what is put later is ignored."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _is_settled(self) -> bool:
        return bool(self._items) or self._closed
