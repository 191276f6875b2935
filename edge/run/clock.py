"""The time of an event, corrected where the system's clock was set during the run."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], float]

LEAP_S = 2.0
"""The system's clock was set when it leaps by this much against the monotonic one."""

_log = logging.getLogger(__name__)


class WallClock:
    """Corrects an event's time where the system's clock was set during the run.

    A board without a battery starts in the past and learns the time minutes later; and over
    months the monotonic clock drifts from it.
    """

    def __init__(
        self,
        started_at: datetime,
        clock: Clock = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._started_at, self._started_s = started_at, clock()
        self._clock, self._now = clock, now
        self.offset = timedelta(0)

    def check(self) -> None:
        """Compare the clocks; call it once in a while."""
        elapsed = timedelta(seconds=self._clock() - self._started_s)
        offset = self._now() - self._started_at - elapsed
        if abs(offset - self.offset) >= timedelta(seconds=LEAP_S):
            _log.warning(
                "the system's clock was set by %+.0f s: events follow it from now on",
                (offset - self.offset).total_seconds(),
            )
            self.offset = offset

    def corrected(self, time_: datetime) -> datetime:
        return time_ + self.offset
