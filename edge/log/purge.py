"""Events out of the log, for good: by age, by size, or all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from edge.errors import SinkError
from edge.log import aggregates, database, retention, schema, spool
from edge.log.reader import BUSY_TIMEOUT_S, Log, must_exist, translate_errors
from edge.log.retention import Retention


def purge(path: Path, *, before: datetime | None = None, max_size_bytes: int | None = None) -> int:
    """Delete what is older than `before`, then the oldest until the file fits; how many went.

    The file is written anew, without what went. The run that writes this log may go on. Raises
    MissingDataError where there is no log, DamagedLogError, and SinkError for another file or
    where another process keeps it busy.
    """
    with _writing(path) as connection:
        count_before = _count(connection)
        if before is not None:
            limit_us = schema.microseconds(before)
            connection.execute("DELETE FROM event WHERE time_us < ?", [limit_us])
            retention.forget_counts(connection, limit_us)
        if max_size_bytes is not None:
            _cut_to(connection, max_size_bytes)
        gone = count_before - _count(connection)
        if gone:
            _forget_names(connection)
            _give_back(connection, path)
    return gone


def keep(path: Path, wanted: Retention, now: datetime) -> int:
    """Apply the settings' retention, and leave the freed space to new events; how many went.

    Unlike `purge` it does not write the file anew, so that a card bears it every day.
    Raises as `purge`.
    """
    with _writing(path) as connection:
        before = schema.microseconds(now - wanted.max_age)
        gone = connection.execute("DELETE FROM event WHERE time_us < ?", [before]).rowcount
        while step := retention.trim(connection, path, wanted, now):
            gone += step
        _forget_names(connection)
    return gone


def delete_all(path: Path) -> int:
    """Delete every event, count and note, and every damaged log set aside; how many events went.

    Their bytes leave the files: zeroed, vacuumed, and the write-ahead log cut to nothing.
    (A card that levels wear keeps old blocks for itself: only encryption helps against that.)
    A run that writes this log goes on with an empty one, and forgets what it had not yet
    committed; a damaged log is removed, and counts 0.
    Raises as `purge`.
    """
    gone = 0
    leftovers = database.damaged_logs(path)
    try:
        with _writing(path) as connection:
            gone = _empty(connection, path)
            _give_back(connection, path)
    except schema.DamagedLogError:  # no table to delete from: the file itself goes
        database.must_have_a_logs_name(path)
        leftovers += database.files(path)
    with translate_errors(path):
        for kept in leftovers:
            kept.unlink(missing_ok=True)
    return gone


def _empty(connection: sqlite3.Connection, path: Path) -> int:
    """Delete it all, in memory first: from there it would come back."""
    gone = spool.forget(connection, path)
    count_before = Log(path, connection).in_memory()
    if count_before is not None:
        gone += delete_all(count_before)
    with database.transaction(connection):
        gone += _count(connection)
        for table in (*aggregates.TABLES, "event", "tally", "note", "label", "model"):
            connection.execute(f"DELETE FROM {table}")
        schema.leave_numbers_out(connection)
    return gone


def _forget_names(connection: sqlite3.Connection) -> None:
    """Delete the labels and models that nothing refers to."""
    for name in ("label", "model"):
        connection.execute(
            f"DELETE FROM {name} WHERE id NOT IN"
            f" (SELECT {name}_id FROM event UNION SELECT {name}_id FROM tally)"
        )


@contextmanager
def _writing(path: Path) -> Iterator[sqlite3.Connection]:
    must_exist(path)
    with translate_errors(path):
        connection = database.connect(path, busy_timeout_s=BUSY_TIMEOUT_S)
        try:
            yield connection
        finally:
            connection.close()


def _cut_to(connection: sqlite3.Connection, max_size_bytes: int) -> None:
    """Delete the oldest events until the used pages fit; a log of none still takes a few."""
    while (used := retention.used_bytes(connection)) > max_size_bytes:
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
