"""Rows out of a log's file and of its write-ahead log, on a full disk too."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from edge.log import database

STEP = 2_000
"""Rows a transaction: some 100 kB of write-ahead log, which the next one uses again."""
_SMALLEST_STEP = 25


def delete_events(connection: sqlite3.Connection, where: str, values: Sequence[object]) -> int:
    """Delete events little by little, each step durable; how many went.

    Their bytes are zeroed. On a full disk the steps become smaller, since each needs room in the
    write-ahead log; raises sqlite3.OperationalError where not even the smallest one has it.
    """
    gone, step = 0, STEP
    query = f"DELETE FROM event WHERE id IN (SELECT id FROM event WHERE {where} LIMIT ?)"
    while True:
        try:
            with database.transaction(connection):
                count = connection.execute(query, [*values, step]).rowcount
        except sqlite3.OperationalError as error:
            if not is_full(error) or step == _SMALLEST_STEP:
                raise
            step = max(step // 4, _SMALLEST_STEP)
            checkpoint(connection)
            continue
        gone += count
        if not count:
            return gone
        checkpoint(connection)


def checkpoint(connection: sqlite3.Connection) -> bool:
    """Bring what is in the write-ahead log into the file, and cut it; whether both was done.

    Until then the file still has the bytes of what was deleted.
    """
    try:
        return not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except sqlite3.OperationalError:
        return False


def rewrite(connection: sqlite3.Connection) -> bool:
    """Rewrite the file without its free pages; False where the disk has no room for that."""
    connection.execute("PRAGMA temp_store = MEMORY")
    try:
        connection.execute("VACUUM")
    except sqlite3.OperationalError as error:
        if not is_full(error):
            raise
        return False
    return True


def is_full(error: sqlite3.Error) -> bool:
    """Whether the disk has no room; SQLite calls that an I/O error in some places."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)


def in_place(path: Path) -> sqlite3.Connection:
    """A connection that needs no room on the disk: nobody else may have the log open.

    Its journal is in memory, so that a power cut meanwhile damages the log.
    """
    connection = sqlite3.connect(path, timeout=1, isolation_level=None)
    with suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = MEMORY")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA secure_delete = ON")
    return connection


def overwrite(connection: sqlite3.Connection, path: Path) -> None:
    """Zero the log's files where they lie, which takes no room, and remove them.

    For a disk so full that SQLite cannot even move what it wrote last into the file. A run that
    writes the log waits meanwhile, then finds it removed and begins a new one.
    """
    connection.execute("BEGIN IMMEDIATE")
    for part in database.files(path):
        if not part.name.endswith("-shm"):
            with part.open("r+b", buffering=0) as file:
                left = part.stat().st_size
                while left > 0:
                    left -= file.write(bytes(min(left, 1 << 16)))
                os.fsync(file.fileno())
    for part in database.files(path):
        part.unlink(missing_ok=True)
