"""What may stay in the log: by age and by size, a little at a time beside a run."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from edge.log import database
from edge.log.schema import microseconds

_STEP = 10_000  # events a transaction: 0.1 s on a slow card
_STEPS = 5
_DAMAGED_KEPT = 3


@dataclass(frozen=True, slots=True)
class Retention:
    """max_age: nothing older is kept. max_size_bytes: nor more than this; the oldest goes first."""

    max_age: timedelta
    max_size_bytes: int


def trim(connection: sqlite3.Connection, path: Path, retention: Retention, now: datetime) -> int:
    """Delete the oldest events that may not stay, up to 50,000 of them; how many went.

    Their bytes are zeroed, their pages used again by new events; the file is not rewritten, for
    that would wear a card more than a day of events does. Only the oldest are looked at, by their
    arrival: an event from a clock that was far ahead is left to `edge log purge`, and to the size.
    """
    before = microseconds(now - retention.max_age)
    gone = 0
    for _ in range(_STEPS):
        with database.transaction(connection):
            step = _too_old(connection, before) + _too_many(connection, retention.max_size_bytes)
        gone += step
        if not step:
            break
    with database.transaction(connection):
        forget_counts(connection, before)
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
