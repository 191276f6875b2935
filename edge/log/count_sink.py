"""How often each label was seen, interval by interval: nothing that one person could be told by."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from edge.log import schema, tally
from edge.log.batch_sink import BatchSink
from edge.log.retention import Retention
from edge.log.tally import TallyKey
from edge.types import EmotionEvent


class CountsSink(BatchSink):
    """Adds events up by model and label over `interval_s`; no track, no box, no score is kept.

    `keep` intervals times labels may wait; what waits outside the process are sums as well. See
    `BatchSink` for the rest.
    """

    def __init__(
        self,
        path: Path,
        commit_interval_s: float = 1.0,
        *,
        interval_s: int = 60,
        events: Path | None = None,
        keep: int = 10_000,
        memory: Path | None = None,
        retention: Retention | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """interval_s: what is added up; events: the log in memory that holds them, if one does."""
        self._count_s = interval_s
        self._events = events
        super().__init__(
            path, commit_interval_s, keep=keep, memory=memory, retention=retention, clock=clock
        )

    @property
    def pending(self) -> int:
        return self._waiting.total()

    @property
    def holds_events(self) -> bool:
        """Whether the log has events, of runs that were not to be counted only."""
        if not self._file.is_open:
            return False
        query = "SELECT EXISTS (SELECT * FROM event)"
        return bool(self._file.connection().execute(query).fetchone()[0])

    def _take(self, event: EmotionEvent) -> None:
        key = self._key(event)
        self._waiting[key] += 1
        self._keep_outside(key)
        if len(self._waiting) > self._keep:
            oldest = next(iter(self._waiting))
            self._give_up(self._waiting.pop(oldest))
            self._keep_outside(oldest)

    def _keep_outside(self, key: TallyKey) -> None:
        if self._spool and self._spool.lines < 2 * self._keep:
            try:
                self._spool.set_count(key, self._waiting[key])
            except OSError as error:
                self._without_spool(error)

    def _put(self, connection: sqlite3.Connection) -> None:
        tally.add(connection, self._waiting)

    def _put_left(self, connection: sqlite3.Connection, left: list[EmotionEvent]) -> None:
        tally.add(connection, Counter(map(self._key, left)))
        if self._events is not None:
            connection.execute(
                "INSERT OR IGNORE INTO in_memory (path) VALUES (?)", [str(self._events)]
            )

    def _clear(self) -> None:
        self._waiting: Counter[TallyKey] = Counter()

    def _key(self, event: EmotionEvent) -> TallyKey:
        row = schema.encode(event)
        time_s = schema.microseconds(event.time) // 1_000_000
        return TallyKey(time_s - time_s % self._count_s, self._count_s, row.model, row.label)
