"""The local log: one SQLite file that survives a kill, a full disk and a damaged card."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from edge.errors import SinkError
from edge.sinks import Sink, schema
from edge.types import EmotionEvent

_log = logging.getLogger(__name__)
_NO_SPACE_BYTES = 64 << 10


class SqliteSink(Sink):
    """Writes events to the log at `path`, in batches.

    An event waits at most `commit_interval_s` for its commit, and a commit is durable. There is no
    thread here: `write` and `flush` commit what is due, so call `flush` at least that often, also
    while no event and no frame comes.

    When the disk refuses (full, failing, locked), the run goes on: up to `keep` events wait in
    memory, the newest ones, and are written as soon as it takes them again. That is said once on
    the logger, and `close` raises SinkError with the number of events that never got in.
    A damaged file is renamed to NAME.damaged-TIME, which is said, and a new one begun; so is a log
    that somebody removed under the run.

    written, pending, lost: events in the log by this sink, waiting, and given up
    """

    def __init__(
        self,
        path: Path,
        commit_interval_s: float = 1.0,
        *,
        keep: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open or make the log. Raises SinkError where `path` can never be one; a full disk can."""
        self.path = Path(path)
        self.written = 0
        self.lost = 0
        self._interval_s = commit_interval_s
        self._keep = keep
        self._clock = clock
        self._pending: deque[schema.Row] = deque()
        self._due_s: float | None = None
        self._trouble: str | None = None
        self._connection: sqlite3.Connection | None = None
        self._identity = (0, 0)
        self._closed = False
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._connected()
        except (sqlite3.OperationalError, OSError) as error:
            if not self._no_space():
                raise SinkError(
                    f"cannot open the log {self.path} ({error}): check that its folder can be"
                    " written, or give another path"
                ) from error
            self._suspend(error)

    @property
    def pending(self) -> int:
        return len(self._pending)

    def write(self, event: EmotionEvent) -> None:
        if self._closed:
            raise SinkError(f"the log {self.path} is closed: no event can be written to it")
        row = schema.encode(event)
        if len(self._pending) >= self._keep:
            self._give_up_oldest()
        self._pending.append(row)
        if self._due_s is None:
            self._due_s = self._clock() + self._interval_s
        self.flush()

    def flush(self) -> None:
        """Commit if the oldest waiting event has waited for `commit_interval_s`."""
        if self._due_s is not None and self._clock() >= self._due_s:
            self.commit()

    def commit(self) -> None:
        """Commit now what is waiting; where the disk refuses, keep it and try again when due."""
        if not self._pending:
            return
        try:
            self._store()
        except (SinkError, sqlite3.OperationalError, OSError) as error:
            self._suspend(error)

    def close(self) -> None:
        if self._closed:
            return
        self.commit()
        self._closed = True
        self._disconnect()
        missing = self.lost + len(self._pending)
        if missing:
            raise SinkError(
                f"{missing} event{'s' * (missing != 1)} could not be written to the log {self.path}"
                f" ({self._trouble or 'the disk was full'}): free space there, or give another path"
            )

    def _store(self) -> None:
        """Put all that waits into the log: in one transaction, once."""
        try:
            self._insert(self._connected())
        except sqlite3.DatabaseError as error:
            if not schema.is_damage(error):
                raise
            self._begin_anew(str(error))
            self._insert(self._connected())

    def _insert(self, connection: sqlite3.Connection) -> None:
        try:
            connection.execute("BEGIN IMMEDIATE")
            ids = {
                key: schema.model_id(connection, key)
                for key in dict.fromkeys(row.model for row in self._pending)
            }
            rows = ((ids[row.model], *row.values) for row in self._pending)
            connection.executemany(schema.INSERT, rows)
            connection.execute("COMMIT")
        except BaseException as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            elif not isinstance(error, sqlite3.Error):
                self._settle()  # Ctrl-C during COMMIT: it is done, and must not be done twice
            raise
        self._settle()

    def _settle(self) -> None:
        count = len(self._pending)
        self._pending.clear()
        self._due_s = None
        self.written += count
        if self._trouble:
            _log.warning(
                "the log %s is written again: %d events were kept, %d lost",
                self.path,
                count,
                self.lost,
            )
            self._trouble = None

    def _suspend(self, error: Exception) -> None:
        if self._trouble is None:
            _log.warning(
                "cannot write the log %s (%s): up to %d events are kept in memory until it can be"
                " written; free space on its disk",
                self.path,
                error,
                self._keep,
            )
        self._trouble = str(error)
        self._due_s = self._clock() + self._interval_s

    def _give_up_oldest(self) -> None:
        self._pending.popleft()
        self.lost += 1
        if self.lost == 1:
            _log.error(
                "the log %s cannot be written and %d events wait: the oldest are now lost",
                self.path,
                self._keep,
            )

    def _connected(self) -> sqlite3.Connection:
        if self._connection is not None and self._identity != _identity(self.path):
            _log.warning("the log %s was moved or removed: a new one is begun", self.path)
            self._disconnect()
        if self._connection is None:
            found = _identity(self.path)
            try:
                self._connection = schema.connect(self.path, busy_timeout_s=0.25)
            except schema.DamagedLogError as error:
                if found == _identity(self.path):  # else another process has set it aside already
                    self._begin_anew(str(error))
                self._connection = schema.connect(self.path, busy_timeout_s=0.25)
            self._identity = _identity(self.path)
        return self._connection

    def _begin_anew(self, why: str) -> None:
        """Set the damaged log aside. Raises SinkError for a file that has not a log's name."""
        self._disconnect()
        schema.must_have_a_logs_name(self.path)
        kept = schema.set_aside(self.path, datetime.now(UTC))
        _log.warning("%s: it is kept as %s, and a new log is begun", why, kept)

    def _disconnect(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.close()

    def _no_space(self) -> bool:
        """Whether the log's disk is full: SQLite calls that an I/O error in some places."""
        try:
            disk = os.statvfs(self.path.parent)
        except OSError:
            return False
        return disk.f_bavail * disk.f_frsize < _NO_SPACE_BYTES and not disk.f_flag & os.ST_RDONLY


def _identity(path: Path) -> tuple[int, int]:
    """Device and inode, (0, 0) for a file that is not there: tells a log from its successor."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return (found.st_dev, found.st_ino)
