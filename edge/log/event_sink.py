"""Events into the local log: one SQLite file that survives a kill, a full disk, a damaged card."""

from __future__ import annotations

import sqlite3
from collections import deque

from edge.log import schema
from edge.log.batch_sink import BatchSink
from edge.types import EmotionEvent


class SqliteSink(BatchSink):
    """Writes every event; `keep` of them may wait. See `BatchSink` for the rest."""

    @property
    def pending(self) -> int:
        return len(self._waiting)

    def _take(self, event: EmotionEvent) -> None:
        row = schema.encode(event)
        if len(self._waiting) >= self._keep:
            self._waiting.popleft()
            self._dropped += 1
            self._give_up(1)
        self._waiting.append(row)
        # A disk that is full for days must not fill the memory too.
        if self._spool and self._spool.lines < 2 * self._keep:
            try:
                self._spool.add(event)
            except OSError as error:
                self._without_spool(error)

    def _put(self, connection: sqlite3.Connection) -> None:
        schema.insert(connection, self._waiting, self._dropped)

    def _put_left(self, connection: sqlite3.Connection, left: list[EmotionEvent]) -> None:
        """Under the numbers that a reader saw them under; those that memory lost are not reused."""
        schema.insert(connection, [schema.encode(event) for event in left])
        if self._spool:
            schema.leave_numbers_out(connection)

    def _clear(self) -> None:
        self._waiting: deque[schema.Row] = deque()
        self._dropped = 0
