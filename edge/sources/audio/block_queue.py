"""Between the sound card's thread and ours: a bounded ring of blocks in which the newest stay."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """What one call of the sound card's thread delivered.

    data:      interleaved samples, as the device gives them
    arrived_s: when it came, on the monotonic clock
    after_gap: sound between the last block taken and this one is lost
    """

    data: bytes
    arrived_s: float
    after_gap: bool


class BlockQueue:
    """At most `capacity` blocks wait; one more drops the oldest, and `overruns` counts it.

    `put` is what the sound card's thread calls: it keeps a reference and wakes the reader,
    nothing else. `overflows` counts the device's own word that it lost sound before a block.
    """

    def __init__(self, capacity: int) -> None:
        self.overruns = 0
        self.overflows = 0
        self._capacity = capacity
        self._blocks: deque[Block] = deque()
        self._gap = False
        self._closed = False
        self._changed = threading.Condition()

    def __len__(self) -> int:
        return len(self._blocks)

    def put(self, data: bytes, arrived_s: float, *, overflowed: bool = False) -> None:
        with self._changed:
            if len(self._blocks) >= self._capacity:
                self._blocks.popleft()
                self._gap = True
                self.overruns += 1
            self.overflows += overflowed
            self._blocks.append(Block(data, arrived_s, overflowed))
            self._changed.notify()

    def take(self, timeout_s: float) -> Block | None:
        """The oldest block; None where none comes within `timeout_s`, or once it is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._blocks or self._closed, timeout_s)
            if self._closed or not self._blocks:
                return None
            block, gap = self._blocks.popleft(), self._gap
            self._gap = False
        return Block(block.data, block.arrived_s, True) if gap else block

    def close(self) -> None:
        """Wake the reader and give it nothing more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
