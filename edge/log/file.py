"""The log's file under a run that writes it: opened, opened again, replaced."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from edge.log import database, schema
from edge.log.schema import DamagedLogError

_log = logging.getLogger(__name__)
_NO_SPACE_BYTES = 64 << 10


_REMEDIES = {
    sqlite3.SQLITE_FULL: "free space there",
    **dict.fromkeys(
        (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED), "end the program that has it locked"
    ),
    **dict.fromkeys((sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM), "make it writable"),
}


class LogFile:
    """Hands out the connection to the log at `path`, whatever has happened to the file.

    A damaged file is renamed to NAME.damaged-TIME, which is said, and a new one begun; so is a log
    that somebody removed.
    """

    def __init__(self, path: Path, greet: Callable[[sqlite3.Connection], None]) -> None:
        """greet: called with each new connection"""
        self.path = path
        self._greet = greet
        self._connection: sqlite3.Connection | None = None
        self._identity = (0, 0)
        self._last_number: int | None = None

    @property
    def is_open(self) -> bool:
        return self._connection is not None

    def connection(self) -> sqlite3.Connection:
        """Raises as `database.connect`, and SinkError for a file that has not a log's name."""
        if self._connection is not None and self._identity != _identity(self.path):
            _log.warning("the log %s was moved or removed: a new one is begun", self.path)
            self.close()
        if self._connection is None:
            self._connection = self._connect()
            self._identity = _identity(self.path)
            self._greet(self._connection)
        return self._connection

    def restart(self, why: str) -> None:
        """Set the damaged log aside. Raises SinkError for a file that has not a log's name."""
        self.close()
        database.must_have_a_logs_name(self.path)
        kept = database.set_aside(self.path, datetime.now(UTC))
        _log.warning("%s: it is kept as %s, and a new log is begun", why, kept)

    def close(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.close()

    def was_emptied(self) -> bool:
        """Whether all was deleted since the last look: then many numbers were left out."""
        if self._connection is None:
            return False
        try:
            before, now = self._last_number, schema.max_assigned_id(self._connection)
        except sqlite3.Error:
            return False
        self._last_number = now
        return before is not None and now - before >= schema.NUMBERS_APART

    def no_space(self) -> bool:
        """Whether the log's disk is full: SQLite calls that an I/O error in some places."""
        try:
            disk = os.statvfs(self.path.parent)
        except OSError:
            return False
        return disk.f_bavail * disk.f_frsize < _NO_SPACE_BYTES and not disk.f_flag & os.ST_RDONLY

    def remedy(self, error: Exception | None = None) -> str:
        """What there is to do where it could not be written, as far as that is known."""
        if self.no_space():
            return "free space there"
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # without its extension
        return _REMEDIES.get(code, "see that its disk is there, and whether it may be written")

    def _connect(self) -> sqlite3.Connection:
        found = _identity(self.path)
        try:
            return database.connect(self.path, busy_timeout_s=0.25)
        except DamagedLogError as error:
            if found == _identity(self.path):  # else another process has set it aside already
                self.restart(str(error))
            return database.connect(self.path, busy_timeout_s=0.25)


def _identity(path: Path) -> tuple[int, int]:
    """Device and inode, (0, 0) for a file that is not there: tells a log from its successor."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return (found.st_dev, found.st_ino)
