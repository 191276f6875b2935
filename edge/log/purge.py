"""Events out of the log, for good: by age, by size, or all."""

from __future__ import annotations

import glob
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from edge.errors import SinkError, UsageError
from edge.health.file import folder as runtime_folder
from edge.log import aggregates, database, erase, retention, schema, spool
from edge.log.opening import BUSY_TIMEOUT_S, must_exist, translate_errors
from edge.log.owner import acting_as_owner
from edge.log.reader import Log
from edge.log.retention import Retention

_NEWEST_BYTES = 4096
"""What the newest events take at least: a page each, where a table grows beyond its first."""


def purge(path: Path, *, before: datetime | None = None, max_size_bytes: int | None = None) -> int:
    """Delete what is older than `before`, then the oldest until the file fits; how many went.

    The file is rewritten without what went; on a full disk it keeps its size, and what went is
    zeroed. Logs that were set aside as damaged go too: nobody can say how old what they hold is.
    The run that writes this log may go on. Raises MissingDataError where there is no log,
    DamagedLogError, SinkError for another file or where another process keeps it busy, and
    UsageError for a size in which no event has room.
    """
    with _writing(path) as connection:
        if max_size_bytes is not None:
            _must_hold_events(max_size_bytes)
        gone = 0
        if before is not None:
            limit_us = schema.microseconds(before)
            gone += erase.delete_events(connection, "time_us < ?", [limit_us])
            retention.forget_counts(connection, limit_us)
            _unlink(database.damaged_logs(path))
        if max_size_bytes is not None:
            gone += _cut_to(connection, max_size_bytes)
        memory = Log(path, connection).in_memory()
        if memory is not None:
            gone += purge(memory, before=before, max_size_bytes=max_size_bytes)
        if gone:
            _forget_names(connection)
        _give_back(connection, path)
    return gone


def keep(
    path: Path,
    wanted: Retention,
    now: datetime,
    clock_is_right: Callable[[], bool] = retention.clock_is_synchronized,
) -> int:
    """Apply the settings' retention, and leave the freed space to new events; how many went.

    Unlike `purge` it does not rewrite the file, so that a card bears it every day.
    Raises as `purge`.
    """
    with _writing(path) as connection:
        gone = 0
        if retention.may_delete_by_age(connection, wanted.max_age, now, clock_is_right):
            before = schema.microseconds(now - wanted.max_age)
            gone = erase.delete_events(connection, "time_us < ?", [before])
        while step := retention.trim(connection, path, wanted, now, clock_is_right):
            gone += step
        _forget_names(connection)
        erase.checkpoint(connection)
    return gone


def delete_all(path: Path) -> int:
    """Delete every event, count and note, and every damaged log set aside; how many events went.

    Their bytes leave the files: zeroed, vacuumed, and the write-ahead log cut to nothing.
    (A card that levels wear keeps old blocks for itself: only encryption helps against that.)
    A run that writes this log goes on with an empty one, and forgets what it had not yet
    committed; so does who sends it. A damaged log is removed, and counts 0.
    Raises as `purge`.
    """
    gone = 0
    with acting_as_owner(path), translate_errors(path):
        _unlink(database.damaged_logs(path))  # first: they may be what fills the disk
    try:
        with _writing(path) as connection:
            before = _count(connection)
            try:
                gone = _empty(connection, path)
                _give_back(connection, path)
            except sqlite3.OperationalError as error:
                if not erase.is_full(error):
                    raise
                erase.overwrite(connection, path)
                gone = before
    except schema.DamagedLogError:  # no table to delete from: the file itself goes
        database.must_have_a_logs_name(path)
        with acting_as_owner(path), translate_errors(path):
            _unlink(database.files(path))
    return gone


def _empty(connection: sqlite3.Connection, path: Path) -> int:
    """Delete it all, in memory first: from there it would come back."""
    gone = spool.forget(connection, path)
    memory = Log(path, connection).in_memory()
    if memory is not None:
        gone += delete_all(memory)
    gone += erase.delete_events(connection, "1", [])
    with database.transaction(connection):
        for table in (*aggregates.TABLES, "tally", "note", "label", "model", "source"):
            connection.execute(f"DELETE FROM {table}")
        schema.leave_numbers_out(connection)
    _forget_times(path)
    return gone


def _forget_times(path: Path) -> None:
    """The cursors of who sends the log on keep their number, and lose that event's time."""
    for folder in {path.parent, spool.memory_folder(), runtime_folder()} - {None}:
        for cursor in Path(folder or "").glob(f"{glob.escape(path.stem)}.*-cursor"):
            with suppress(OSError, ValueError, TypeError, IndexError):
                number = json.loads(cursor.read_text(encoding="utf-8")[:200])[0]
                cursor.write_text(json.dumps([number, 0]), encoding="utf-8")


def _unlink(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _forget_names(connection: sqlite3.Connection) -> None:
    """Delete the labels, models and sources that nothing refers to."""
    schema.forget_sources(connection)
    for name in ("label", "model"):
        connection.execute(
            f"DELETE FROM {name} WHERE id NOT IN"
            f" (SELECT {name}_id FROM event UNION SELECT {name}_id FROM tally)"
        )


@contextmanager
def _writing(path: Path) -> Iterator[sqlite3.Connection]:
    must_exist(path)
    with acting_as_owner(path), translate_errors(path):
        try:
            connection = database.connect(path, busy_timeout_s=BUSY_TIMEOUT_S)
        except sqlite3.OperationalError as error:
            if not erase.is_full(error):
                raise
            connection = erase.in_place(path)
        try:
            yield connection
        except sqlite3.OperationalError as error:
            if erase.is_full(error):
                raise SinkError(
                    f"the disk of {path} is too full even to delete: free 1 MB on it, or delete"
                    " every event with `edge log delete --all`"
                ) from error
            raise
        finally:
            connection.close()


def _must_hold_events(max_size_bytes: int) -> None:
    """Cut to less than its tables and a few events take, a log would lose every event."""
    smallest = database.empty_bytes() + _NEWEST_BYTES
    if max_size_bytes < smallest:
        raise UsageError(
            f"in {max_size_bytes:,} bytes there is no room for an event beside the log's tables:"
            f" give {-(-smallest // 1000)}KB or more, or delete it all with `edge log delete --all`"
        )


def _cut_to(connection: sqlite3.Connection, max_size_bytes: int) -> int:
    """Delete the oldest events until the used pages fit; a log of none still takes a few."""
    gone = 0
    while (used := retention.used_bytes(connection)) > max_size_bytes:
        count = _count(connection)
        if count == 0:
            break
        surplus = int(count * (1 - max_size_bytes / used))
        (last,) = connection.execute(
            "SELECT id FROM event ORDER BY id LIMIT 1 OFFSET ?", [min(surplus, count - 1)]
        ).fetchone()
        gone += erase.delete_events(connection, "id <= ?", [last])
    return gone


def _count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM event").fetchone()[0])


def _give_back(connection: sqlite3.Connection, path: Path) -> None:
    """Zero the freed pages where they lie, then cut the file to what is left, if there is room."""
    done = erase.checkpoint(connection)
    erase.rewrite(connection)
    if not (erase.checkpoint(connection) or done):
        raise SinkError(
            f"the events are deleted, but another process reads the log {path} and their"
            " bytes are still on the disk: repeat this when it is done"
        )
