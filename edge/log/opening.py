"""A log's file opened for reading: how SQLite is to do that, and what is wrong, as a sentence."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.errors import MissingDataError, SinkError
from edge.log import database, schema
from edge.log.paths import demo_log_path, files_log_path

BUSY_TIMEOUT_S = 10.0  # a person waits for the writer; it never holds the log for long


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """A connection that only reads. Raises sqlite3.DatabaseError; SinkError for another file."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        _must_be_ours(connection, path)
        connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def mode(path: Path) -> str:
    """How SQLite is to open a log that is only read."""
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        return "rw"  # a "ro" reader would leave its -wal and -shm files behind
    # Where we may not write and no writer has a -wal, the file is all there is.
    return "ro&immutable=1" if len(database.files(path)) == 1 else "ro"


@contextmanager
def translate_errors(path: Path) -> Iterator[None]:
    """SQLite's and the system's errors as one sentence about the log."""
    try:
        yield
    except database.ERRORS as error:
        if database.is_damage(error):
            raise schema.DamagedLogError(
                f"the log {path} is damaged or none at all ({error}):"
                " a run sets it aside and begins a new one"
            ) from error
        hint = "try again, or as its owner"
        if len(database.files(path)) > 1 and not os.access(path.parent, os.W_OK):
            hint = f"its folder cannot be written: copy {path.name}* elsewhere, and give that --log"
        raise SinkError(f"cannot use the log {path} ({error}): {hint}") from error
    except OSError as error:
        raise SinkError(
            f"cannot use the log {path} ({error.strerror}): run as its owner"
        ) from error


def must_exist(path: Path) -> None:
    """Raise MissingDataError unless there is a log's file."""
    with translate_errors(path):
        if not path.is_file():
            named = (("files", files_log_path()), ("edge demo", demo_log_path()))
            others = [f"{log} (of {what})" for what, log in named if log.is_file()]
            hint = f" with {' or '.join(others)}" if others else ""
            first = "`edge run` first" if others else "`edge run` or `edge demo` first"
            raise MissingDataError(
                f"there is no log {path}: do {first}, or give another --log{hint}"
            )


def _must_be_ours(connection: sqlite3.Connection, path: Path) -> None:
    (ours,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if ours != schema.APPLICATION_ID:
        raise SinkError(f"{path} is no log of this toolkit: give another --log")
    if version > schema.SCHEMA_VERSION:
        raise SinkError(
            f"the log {path} has schema {version}, this release reads {schema.SCHEMA_VERSION}:"
            " use the release that wrote it"
        )
    if version < schema.SCHEMA_VERSION:
        # Brings it up to date, which a run would do as well.
        database.connect(path, busy_timeout_s=BUSY_TIMEOUT_S).close()
