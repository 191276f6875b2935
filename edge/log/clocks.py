"""Times that no right clock can have said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=1)


def mark(time: datetime, now: datetime) -> str:
    """What to add to an event's line: "" but before 2020 and more than a day after `now`."""
    return "" if _EARLIEST <= time <= now + _AHEAD else "  (by a wrong clock)"
