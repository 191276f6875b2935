"""The last 24 hours of a log, counted by hour and label: what a chart shows."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge.errors import EdgeError
from edge.log.filter import Filter
from edge.log.reader import open_log

HOURS = 24
_FRESH_S = 60.0


@dataclass(frozen=True, slots=True)
class LastDay:
    """begins: the first hour's start, UTC; the last hour is the one that runs
    hours:  24 times label → events
    """

    begins: datetime
    hours: tuple[dict[str, int], ...]

    @property
    def labels(self) -> list[str]:
        """Those that occur, the most frequent first."""
        total: Counter[str] = Counter()
        for hour in self.hours:
            total.update(hour)
        return [label for label, _ in total.most_common()]


def count(log: Path, now: datetime) -> LastDay:
    """Read it from the log. Raises EdgeError where that cannot be read."""
    begins = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    begins -= timedelta(hours=HOURS - 1)
    hours: list[Counter[str]] = [Counter() for _ in range(HOURS)]
    since = Filter(since=begins)
    with open_log(log) as opened:
        seen = [(event.time, event.label, 1) for event in opened.events(since)]
        seen += [(one.start, one.label, one.events) for one in opened.counts(since)]
    for when, label, number in seen:
        place = (when - begins) // timedelta(hours=1)
        if 0 <= place < HOURS:  # a clock that was set back leaves events in the future
            hours[place][label] += number
    return LastDay(begins, tuple(map(dict, hours)))


class LastDayReader:
    """Reads the log at most once a minute, however often it is asked; from any thread."""

    def __init__(
        self,
        log: Path | None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._log = log
        self._clock = clock
        self._now = now
        self._lock = threading.Lock()
        self._due_s = float("-inf")
        self._latest: LastDay | None = None

    def __call__(self) -> LastDay | None:
        """None where there is no log, or it cannot be read just now."""
        with self._lock:
            if self._log is not None and self._clock() >= self._due_s:
                self._due_s = self._clock() + _FRESH_S
                try:
                    self._latest = count(self._log, self._now())
                except EdgeError:
                    self._latest = None
            return self._latest
