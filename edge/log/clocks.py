"""Times that no right clock can have said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)
MARK = "(by a wrong clock)"


def is_wrong(time: datetime, now: datetime) -> bool:
    """Whether the time is before 2020, or more than a day after `now`."""
    return not EARLIEST <= time <= now + AHEAD


def marked(value: dict[str, object], time: datetime, now: datetime) -> dict[str, object]:
    """`value`, with `wrong_clock: true` where its time is such a one."""
    return value | {"wrong_clock": True} if is_wrong(time, now) else value
