"""Waiting between attempts: each time longer, and never longer than somebody wants to wait."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

LONGEST_S = 30.0
TICK_S = 0.5

_MAX_DOUBLINGS = 16


class Backoff:
    """The wait after failures in a row: `first_s`, doubled each time, `longest_s` at most.

    attempts: how many may fail in a row; None: any number
    failures: in a row, so far
    """

    def __init__(
        self, first_s: float, longest_s: float = LONGEST_S, attempts: int | None = None
    ) -> None:
        self.failures = 0
        self.attempts = attempts
        self._first_s = first_s
        self._longest_s = max(first_s, longest_s)

    @property
    def exhausted(self) -> bool:
        return self.attempts is not None and self.failures >= self.attempts

    @property
    def delay_s(self) -> float:
        """How long the next `wait` takes."""
        doubled_s: float = self._first_s * 2.0 ** min(self.failures, _MAX_DOUBLINGS)
        return min(doubled_s, self._longest_s)

    @property
    def log_level(self) -> int:
        """The first failure in a row is a warning; the others are for whoever looks closer."""
        return logging.INFO if self.failures else logging.WARNING

    def reset(self) -> None:
        """It worked."""
        self.failures = 0

    def wait(self, interrupt: threading.Event, on_tick: Callable[[], object] | None = None) -> bool:
        """Count a failure and wait; False where `interrupt` was set meanwhile.

        on_tick: called at the start and twice a second
        """
        until_s = time.monotonic() + self.delay_s
        self.failures += 1
        while not interrupt.is_set():
            if on_tick is not None:
                on_tick()
            left_s = until_s - time.monotonic()
            if left_s <= 0:
                break
            interrupt.wait(left_s if on_tick is None else min(left_s, TICK_S))
        return not interrupt.is_set()
