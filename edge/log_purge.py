"""Events out of the log, for good: by age, by size, or all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from edge.errors import SinkError
from edge.log import BUSY_TIMEOUT_S, must_exist, plainly
from edge.sinks import schema


def purge(path: Path, *, before: datetime | None = None, max_size_bytes: int | None = None) -> int:
    """Delete what is older than `before`, then the oldest until the file fits; how many went.

    The run that writes this log may go on. Raises MissingDataError where there is no log,
    DamagedLogError, and SinkError for another file or where another process keeps it busy.
    """
    with _writing(path) as connection:
        held = _count(connection)
        if before is not None:
            connection.execute("DELETE FROM event WHERE time_us < ?", [schema.microseconds(before)])
        if max_size_bytes is not None:
            _cut_to(connection, max_size_bytes)
        gone = held - _count(connection)
        if gone:
            _give_back(connection, path)
    return gone


def delete_all(path: Path) -> int:
    """Delete every event and every damaged log that was set aside; how many events went.

    Their bytes leave the files: zeroed, vacuumed, and the write-ahead log cut to nothing.
    (A card that levels wear keeps old blocks for itself: only encryption helps against that.)
    A run that writes this log goes on with an empty one; a damaged log is removed, and counts 0.
    Raises as `purge`.
    """
    gone = 0
    leftovers = schema.damaged_logs(path)
    try:
        with _writing(path) as connection:
            gone = _count(connection)
            connection.execute("DELETE FROM event")
            connection.execute("DELETE FROM model")
            _give_back(connection, path)
    except schema.DamagedLogError:  # no table to delete from: the file itself goes
        schema.must_have_a_logs_name(path)
        leftovers += schema.files(path)
    with plainly(path):
        for kept in leftovers:
            kept.unlink(missing_ok=True)
    return gone


@contextmanager
def _writing(path: Path) -> Iterator[sqlite3.Connection]:
    must_exist(path)
    with plainly(path):
        connection = schema.connect(path, busy_timeout_s=BUSY_TIMEOUT_S)
        try:
            connection.execute("PRAGMA secure_delete = ON")
            yield connection
        finally:
            connection.close()


def _cut_to(connection: sqlite3.Connection, max_size_bytes: int) -> None:
    """Delete the oldest events until the used pages fit; a log of none still takes a few."""
    while (used := _used_bytes(connection)) > max_size_bytes:
        count = _count(connection)
        if count == 0:
            return
        surplus = int(count * (1 - max_size_bytes / used))
        (last,) = connection.execute(
            "SELECT id FROM event ORDER BY id LIMIT 1 OFFSET ?", [min(surplus, count - 1)]
        ).fetchone()
        connection.execute("DELETE FROM event WHERE id <= ?", [last])


def _count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM event").fetchone()[0])


def _used_bytes(connection: sqlite3.Connection) -> int:
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    return int((pages - free) * size)


def _give_back(connection: sqlite3.Connection, path: Path) -> None:
    """Zero the freed pages where they lie, then cut the file to what is left."""
    for step in ("wal_checkpoint(TRUNCATE)", None, "wal_checkpoint(TRUNCATE)"):
        if step is None:
            connection.execute("VACUUM")
        elif connection.execute(f"PRAGMA {step}").fetchone()[0]:
            raise SinkError(
                f"the events are deleted, but another process reads the log {path} and their"
                " bytes are still on the disk: repeat this when it is done"
            )
