"""How often each label was seen, interval by interval: nothing that one person could be told by."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from edge.log import schema
from edge.log.batch_sink import BatchSink
from edge.log.retention import Retention
from edge.types import EmotionEvent

_ADD = (
    "INSERT INTO tally (start_s, interval_s, model_id, label_id, events) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET events = events + excluded.events"
)


class _Key(NamedTuple):
    start_s: int
    model: schema.ModelKey
    label: str


class CountsSink(BatchSink):
    """Adds events up by model and label over `interval_s`; no track, no box, no score is kept.

    `keep` intervals times labels may wait. See `BatchSink` for the rest; a killed process loses
    what waits, because the events themselves are written nowhere.
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
        self._waiting[self._key(event)] += 1
        if len(self._waiting) > self._keep:
            self._give_up(self._waiting.pop(next(iter(self._waiting))))

    def _put(self, connection: sqlite3.Connection) -> None:
        self._add(connection, self._waiting)

    def _put_left(self, connection: sqlite3.Connection, left: list[EmotionEvent]) -> None:
        self._add(connection, Counter(map(self._key, left)))
        if self._events is not None:
            connection.execute(
                "INSERT OR IGNORE INTO in_memory (path) VALUES (?)", [str(self._events)]
            )

    def _add(self, connection: sqlite3.Connection, counts: Counter[_Key]) -> None:
        for key, count in counts.items():
            model = schema.model_id(connection, key.model)
            label = schema.label_id(connection, key.label)
            connection.execute(_ADD, (key.start_s, self._count_s, model, label, count))

    def _clear(self) -> None:
        self._waiting: Counter[_Key] = Counter()

    def _key(self, event: EmotionEvent) -> _Key:
        row = schema.encode(event)
        time_s = schema.microseconds(event.time) // 1_000_000
        return _Key(time_s - time_s % self._count_s, row.model, row.label)
