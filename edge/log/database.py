"""The log's file as a whole: opened, checked, brought up to date, set aside when damaged."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from edge.errors import SinkError
from edge.log import packed
from edge.log.migrations import MIGRATIONS
from edge.log.schema import APPLICATION_ID, SCHEMA_VERSION, SELECT, DamagedLogError

_CHECKED_BYTES = 8 << 20  # a log up to this size is read whole on opening: 0.2 s on a slow card
_SUFFIXES = (".sqlite", ".sqlite3", ".db")
_PAGES = "PRAGMA page_size = 1024"
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
ERRORS = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What SQLite raises of a log; the second where it quotes a damaged schema that is no text."""


def is_damage(error: Exception) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return isinstance(error, UnicodeDecodeError) or code in _DAMAGE


def connect(path: Path, *, busy_timeout_s: float) -> sqlite3.Connection:
    """Open the log at `path` for writing, made and migrated as needed, with explicit transactions.

    A commit is on the card when it returns (WAL, synchronous=FULL): neither `kill -9` nor a pulled
    plug takes it back. What is deleted is overwritten with zeros.
    Raises DamagedLogError, SinkError for a file that is not ours, sqlite3.OperationalError and
    OSError where the disk refuses.
    """
    # An event says how a person felt: no business of the machine's other users.
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o640))
    # The thread that closes need not be the one that opened.
    connection = sqlite3.connect(
        path, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute(_PAGES)
        _check(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA journal_size_limit = 1048576")
        # In KiB. The usual 2 MB fill up in the first hours, and save nothing where one appends.
        connection.execute("PRAGMA cache_size = -256")
        connection.execute("PRAGMA secure_delete = ON")
        _migrate(connection)
        connection.execute(f"{SELECT} ORDER BY event.id DESC LIMIT 1").fetchall()
    except ERRORS as error:
        connection.close()
        if is_damage(error):
            raise DamagedLogError(f"the log {path} is damaged ({error})") from error
        raise
    except BaseException:
        connection.close()
        raise
    return connection


def begin(connection: sqlite3.Connection) -> None:
    """Take the write lock; what Ctrl-C left half done is undone first."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")
    connection.execute("BEGIN IMMEDIATE")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing, with the write lock from the start."""
    begin(connection)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _check(connection: sqlite3.Connection, path: Path) -> None:
    """Raise DamagedLogError or SinkError unless this is a log that we can use, or an empty file."""
    (ours,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if ours != APPLICATION_ID and tables:
        raise SinkError(f"{path} is another program's SQLite file: give another log path")
    if version > SCHEMA_VERSION:
        raise SinkError(
            f"{path} was written by a newer release (schema {version}, this one knows"
            f" {SCHEMA_VERSION}): update, or give another log path"
        )
    if tables and path.stat().st_size <= _CHECKED_BYTES:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise DamagedLogError(f"the log {path} is damaged ({verdict.splitlines()[-1]})")


def _migrate(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == SCHEMA_VERSION:
        return
    with transaction(connection):
        # Read again: another process may have been first.
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        for statements in MIGRATIONS[version:]:
            for statement in statements:
                connection.execute(statement)
        packed.pack(connection)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def files(path: Path) -> tuple[Path, ...]:
    """The log's file and those that SQLite keeps beside it, as far as they exist."""
    beside = (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm")))
    return tuple(part for part in beside if part.exists())


def size_bytes(path: Path) -> int:
    """The log's file and its write-ahead log; the -shm file is shared memory, of no content."""
    return sum(part.stat().st_size for part in files(path) if not part.name.endswith("-shm"))


def empty_bytes() -> int:
    """The size of a log of no event."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute(_PAGES)
        _migrate(connection)
        connection.execute("VACUUM")
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
    return int(pages * page_bytes)


def set_aside(path: Path, now: datetime) -> Path:
    """Rename a damaged log, with the files beside it, to a name that carries the time."""
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    kept = path.with_name(f"{path.stem}.damaged-{stamp}{path.suffix}")
    number = 1
    while kept.exists():
        number += 1
        kept = path.with_name(f"{path.stem}.damaged-{stamp}-{number}{path.suffix}")
    for part in files(path):
        part.rename(kept.with_name(kept.name + part.name.removeprefix(path.name)))
    return kept


def must_have_a_logs_name(path: Path) -> None:
    """Raise SinkError for a file that SQLite cannot read and that may be anybody's."""
    if path.suffix not in _SUFFIXES:
        raise SinkError(f"{path} is not a log: give a path that ends in .sqlite")


def damaged_logs(path: Path) -> tuple[Path, ...]:
    """What `set_aside` has kept beside this log, with their -wal and -shm files."""
    start = f"{path.stem}.damaged-"
    if not path.parent.is_dir():
        return ()
    return tuple(sorted(part for part in path.parent.iterdir() if part.name.startswith(start)))
