"""What may stay in the log: by age and by size, a little at a time beside a run."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge.log import database, erase, packed
from edge.log.schema import forget_sources, microseconds

_STEP = 10_000  # events a transaction: 0.1 s on a slow card
_STEPS = 5
_DAMAGED_KEPT = 3
_SYNCHRONIZED = Path("/run/systemd/timesync/synchronized")
_SHARE = 0.9
_SHORTEST_GAP_US = 86_400_000_000
"""A log that is kept for an hour has gaps of a night."""
_TIMES = "SELECT time_us FROM event UNION ALL SELECT start_s * 1000000 FROM tally"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Retention:
    """max_age: nothing older is kept. max_size_bytes: nor more than this; the oldest goes first."""

    max_age: timedelta
    max_size_bytes: int


def clock_is_synchronized() -> bool:
    """Whether the system says that its clock was set by the network's time."""
    return _SYNCHRONIZED.exists()


def may_delete_by_age(
    connection: sqlite3.Connection,
    max_age: timedelta,
    now: datetime,
    clock_is_right: Callable[[], bool] = clock_is_synchronized,
) -> bool:
    """Whether `now` may be believed.

    A clock that is a year ahead would make every event too old. It looks like this: between what
    is too old and what is young enough nothing was seen for as long as the log is kept. A device
    that was off for so long looks alike; so then, it takes a clock that was set by the network.
    """
    limit_us = microseconds(now - max_age)
    (old,) = connection.execute(
        f"SELECT max(time_us) FROM ({_TIMES}) WHERE time_us < ?", [limit_us]
    ).fetchone()
    if old is None:
        return True
    (young,) = connection.execute(
        f"SELECT min(time_us) FROM ({_TIMES}) WHERE time_us BETWEEN ? AND ?",
        [limit_us, microseconds(now)],
    ).fetchone()
    gap_us = (young if young is not None else microseconds(now)) - old
    if gap_us < max(_SHARE * (max_age // timedelta(microseconds=1)), _SHORTEST_GAP_US):
        return True
    if clock_is_right():
        return True
    _log.warning(
        "the clock says %s, and the log ends long before: what is old is left in it until"
        " the clock was set by the network, or `edge log purge --older-than` says so",
        now.date(),
    )
    return False


def trim(
    connection: sqlite3.Connection,
    path: Path,
    retention: Retention,
    now: datetime,
    clock_is_right: Callable[[], bool] = clock_is_synchronized,
) -> int:
    """Delete the oldest events that may not stay, up to 50,000 of them; how many went.

    The days of the history that are over are packed (`edge.log.packed`).

    Their bytes are zeroed, in the write-ahead log as well, their pages used again by new events;
    the file is not rewritten, for that would wear a card more than a day of events does. Only the
    oldest are looked at, by their arrival: an event from a clock that was far ahead is left to
    `edge log purge`, and to the size.
    """
    before = microseconds(now - retention.max_age)
    if not may_delete_by_age(connection, retention.max_age, now, clock_is_right):
        before = microseconds(datetime.min.replace(tzinfo=UTC))
    gone = 0
    for _ in range(_STEPS):
        with database.transaction(connection):
            step = _too_old(connection, before) + _too_many(connection, retention.max_size_bytes)
        gone += step
        if not step:
            break
    with database.transaction(connection):
        forget_counts(connection, before)
        packed.pack(connection)
        (sources,) = connection.execute("SELECT count(*) FROM source").fetchone()
        if sources > 1:  # a device's own log names its camera alone: that needs no look at all rows
            forget_sources(connection)
    if gone:
        erase.checkpoint(connection)
    _remove_damaged(path, before)
    return gone


def _too_old(connection: sqlite3.Connection, before: int) -> int:
    (first,) = connection.execute("SELECT min(id) FROM event").fetchone()
    if first is None:
        return 0
    return connection.execute(
        "DELETE FROM event WHERE id < ? AND time_us < ?", [first + _STEP, before]
    ).rowcount


def _too_many(connection: sqlite3.Connection, max_size_bytes: int) -> int:
    used = used_bytes(connection)
    if used <= max_size_bytes:
        return 0
    first, last = connection.execute("SELECT min(id), max(id) FROM event").fetchone()
    if first is None:
        return 0
    surplus = int((last - first) * (1 - max_size_bytes / used)) + 1
    return connection.execute(
        "DELETE FROM event WHERE id < ?", [first + min(surplus, _STEP)]
    ).rowcount


def forget_counts(connection: sqlite3.Connection, before: int) -> None:
    """Delete old counts and notes; inside a transaction."""
    connection.execute("DELETE FROM tally WHERE (start_s + interval_s) * 1000000 < ?", [before])
    connection.execute("DELETE FROM note WHERE time_us < ?", [before])


def used_bytes(connection: sqlite3.Connection) -> int:
    """The pages that hold something."""
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    return int((pages - free) * size)


def _remove_damaged(path: Path, before: int) -> None:
    """Logs that were set aside hold events too: they go likewise, and are three at most."""
    kept = sorted(database.damaged_logs(path), key=lambda part: part.stat().st_mtime_ns)
    logs = [part for part in kept if part.suffix == path.suffix]
    for number, log in enumerate(reversed(logs)):
        if number >= _DAMAGED_KEPT or log.stat().st_mtime_ns // 1000 < before:
            for part in database.files(log):
                part.unlink(missing_ok=True)
