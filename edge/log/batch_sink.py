"""What the sinks on the log's file share: batches, and a run that goes on when the disk refuses."""

from __future__ import annotations

import logging
import sqlite3
import time
from abc import abstractmethod
from collections.abc import Callable, Iterable, Sized
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path

from edge.errors import SinkError
from edge.log import database, spool, tally
from edge.log.file import LogFile
from edge.log.retention import Retention, trim
from edge.log.schema import microseconds
from edge.log.spool import Orphan, Spool
from edge.sinks import Sink
from edge.types import EmotionEvent

_log = logging.getLogger(__name__)
_RETRY_S = 10.0
_TRIM_S = 3600.0


class BatchSink(Sink):
    """Puts what a kind of sink makes of events into the log at `path`, in batches.

    An event waits at most `commit_interval_s` for its commit, less where `keep` of them wait before
    that, and a commit is durable. There is no thread here: `write` and `flush` commit what is due,
    so call `flush` at least that often, also while no event and no frame comes.

    When the disk refuses (full, failing, locked), the run goes on: so much as `keep` says waits in
    memory, the newest, and is written as soon as the disk takes it again. That is said once on the
    logger, and `close` raises SinkError with the number of events that never got in.
    A log that is damaged or removed is restarted. Once an hour, and at the end, `retention` is
    applied.

    written, pending, lost: events in the log by this sink, waiting, and given up
    trouble: why the log cannot be written at the moment; None while it can
    """

    _waiting: Sized

    def __init__(
        self,
        path: Path,
        commit_interval_s: float = 1.0,
        *,
        keep: int = 10_000,
        memory: Path | None = None,
        retention: Retention | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open or make the log. Raises SinkError where `path` can never be one; a full disk can.

        memory: a folder in memory, where what waits outlives a killed process
        """
        self.path = Path(path)
        self.written = 0
        self.lost = 0
        self.trouble: str | None = None
        self._interval_s = commit_interval_s
        self._keep = keep
        self._clock = clock
        self._retention = retention
        self._due_s: float | None = None
        self._trim_due_s = clock() + _TRIM_S
        self._file = LogFile(self.path, self._begin_here)
        self._closed = False
        self._adopted = False
        self._clear()
        self._memory = memory
        self._spool = self._make_spool(memory)
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file.connection()
        except (sqlite3.OperationalError, OSError) as error:
            if not self._file.no_space():
                self._close_spool()
                raise SinkError(
                    f"cannot open the log {self.path} ({error}): check that its folder can be"
                    " written, or give another path"
                ) from error
            self._suspend(error)
        except BaseException:
            self._close_spool()
            raise

    @property
    @abstractmethod
    def pending(self) -> int: ...

    @abstractmethod
    def _take(self, event: EmotionEvent) -> None:
        """Let the event wait. Raises SinkError for one that can never be logged."""

    @abstractmethod
    def _put(self, connection: sqlite3.Connection) -> None:
        """Add all that waits, inside a transaction."""

    @abstractmethod
    def _put_left(self, connection: sqlite3.Connection, left: list[EmotionEvent]) -> None:
        """Add what killed runs left, inside the first transaction."""

    @abstractmethod
    def _clear(self) -> None:
        """Nothing waits any more, or yet."""

    def write(self, event: EmotionEvent) -> None:
        if self._closed:
            raise SinkError(f"the log {self.path} is closed: no event can be written to it")
        self._forget_if_asked()
        self._take(event)
        if self._due_s is None:
            self._due_s = self._clock() + self._interval_s
        self.flush()

    def flush(self) -> None:
        """Commit if the oldest waiting event has waited for `commit_interval_s`, or no more may."""
        now_s = self._clock()
        if self.pending:
            self._forget_if_asked()
        # What could not be written is tried again when it is due, however much waits.
        crowded = len(self._waiting) >= self._keep and self.trouble is None
        if self._due_s is not None and (now_s >= self._due_s or crowded):
            self.commit()
        if now_s >= self._trim_due_s:
            self._trim()

    def commit(self) -> None:
        """Commit now what is waiting; where the disk refuses, keep it and try again when due."""
        if not self.pending:
            return
        try:
            self._store()
        except (SinkError, sqlite3.OperationalError, OSError) as error:
            self._suspend(error)

    def note(self, text: str) -> None:
        """Put a remark into the log, with the time. Raises SinkError where the disk refuses."""
        text = text.encode(errors="backslashreplace").decode()  # it may name a file
        now = microseconds(datetime.now(UTC))
        try:
            connection = self._file.connection()
            with database.transaction(connection):
                connection.execute("INSERT INTO note (time_us, text) VALUES (?, ?)", [now, text])
        except (sqlite3.Error, OSError) as error:
            what = f"cannot note in the log {self.path} that {text} ({error})"
            raise SinkError(f"{what}: {self._file.remedy(error)}") from error

    def close(self) -> None:
        if self._closed:
            return
        self._forget_if_asked()
        self.commit()
        self._trim()
        self._closed = True
        missing = self.lost + self.pending
        self._close_spool(keep=bool(self.pending))
        self._file.close()
        if missing:
            what = f"{missing} event{'s' * (missing != 1)} could not be written to {self.path}"
            why = self.trouble or "more waited than are kept"
            raise SinkError(f"{what} ({why}): {self._file.remedy()}, or give another path")

    def _store(self) -> None:
        """Put all that waits into the log: in one transaction, once."""
        try:
            self._insert(self._file.connection())
        except database.ERRORS as error:
            if not database.is_damage(error):
                raise
            self._file.restart(str(error))
            self._insert(self._file.connection())

    def _insert(self, connection: sqlite3.Connection) -> None:
        with ExitStack() as stack:
            written = self.written
            orphans: list[Orphan] = []
            database.begin(connection)
            try:
                self._forget_if_asked()
                if not self._adopted:
                    orphans = spool.orphans(connection, self.path, self._memory, stack)
                    self._put_left(connection, [one for orphan in orphans for one in orphan.events])
                    for orphan in orphans:
                        tally.add(connection, orphan.counts)
                self._put(connection)
                written += self.pending
                if self._spool:
                    spool.name_batch(connection, self._spool.path, self._spool.batch)
                connection.execute("COMMIT")
                self._settle(written, orphans)
            except BaseException as error:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                elif not isinstance(error, sqlite3.Error):
                    # Ctrl-C in COMMIT or after it: that is done, and not to be repeated.
                    self._settle(written, orphans)
                raise

    def _settle(self, written: int, orphans: Iterable[Orphan]) -> None:
        """All that waited is in the log, `written` events so far; twice does the same as once."""
        count = written - self.written
        self._clear()
        self._due_s = None
        self.written = written
        self._adopted = True
        for orphan in orphans:
            orphan.remove()
        self._begin_batch()
        if self.trouble:
            _log.warning(
                "the log %s is written again: %d events were kept, %d lost",
                self.path,
                count,
                self.lost,
            )
            self.trouble = None

    def _suspend(self, error: Exception) -> None:
        if self.trouble is None:
            _log.warning(
                "cannot write the log %s (%s): up to %d events are kept in memory until it can be"
                " written; %s",
                self.path,
                error,
                self._keep,
                self._file.remedy(error),
            )
        self.trouble = str(error)
        self._due_s = self._clock() + min(self._interval_s, _RETRY_S)

    def _give_up(self, count: int) -> None:
        """Count events that are dropped because too many wait."""
        if count and not self.lost:
            _log.error(
                "the log %s cannot be written and %d events wait: the oldest are now lost",
                self.path,
                self._keep,
            )
        self.lost += count

    def _begin_here(self, connection: sqlite3.Connection) -> None:
        """Name the spool in the log, and take in what killed runs left."""
        (left,) = connection.execute("SELECT count(*) FROM in_memory").fetchone()
        if not left and self._spool is None:
            return
        with suppress(sqlite3.OperationalError):  # full or locked: the first commit does it
            self._insert(connection)

    def _make_spool(self, memory: Path | None) -> Spool | None:
        try:
            return Spool(memory, self.path) if memory else None
        except OSError as error:
            _log.warning("no events can wait in %s (%s): a kill will lose them", memory, error)
            return None

    def _begin_batch(self) -> None:
        try:
            if self._spool:
                self._spool.begin()
        except OSError as error:
            self._without_spool(error)

    def _without_spool(self, error: OSError) -> None:
        _log.warning("memory is full (%s): a kill will lose the events that wait", error)
        self._close_spool()

    def _close_spool(self, *, keep: bool = False) -> None:
        if self._spool is None:
            return
        old, self._spool = self._spool, None
        old.close(keep=keep)
        if self._file.is_open and not keep:
            with suppress(sqlite3.Error):  # a name without a file says nothing
                named = [str(old.path)]
                self._file.connection().execute("DELETE FROM in_memory WHERE path = ?", named)

    def _forget_if_asked(self) -> None:
        """`edge log delete --all` takes what waits as well."""
        spool = self._spool
        if spool.forgotten if spool is not None else self._file.was_emptied():
            self._clear()
            self._due_s = None
            self._begin_batch()

    def _trim(self) -> None:
        """Apply the retention; what cannot be deleted now is deleted in an hour."""
        self._trim_due_s = self._clock() + _TRIM_S
        if self._retention is None or not self._file.is_open:
            return
        try:
            trim(self._file.connection(), self.path, self._retention, datetime.now(UTC))
        except (SinkError, sqlite3.Error, OSError) as error:
            _log.warning("cannot delete what is old from the log %s (%s)", self.path, error)
