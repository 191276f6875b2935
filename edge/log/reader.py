"""The log, read: what is in it, counted or event by event."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import tzinfo
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from edge.log import erase, opening, schema, spool
from edge.log.filter import EVERYTHING, Filter
from edge.log.history import History
from edge.log.opening import must_exist, translate_errors
from edge.log.owner import acting_as_owner
from edge.log.stats import Count, LogStats, count
from edge.log.tables import Row, table
from edge.models.labels import meaning
from edge.types import EmotionEvent


class Log:
    """A log opened for reading, beside a writer if there is one; a context manager.

    An event that is damaged is left out; `skipped` says how many were, `last_skipped` which one
    was the last.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self.skipped = self.last_skipped = 0
        self._connection = connection

    def stats(self, zone: tzinfo | None = None, which: Filter = EVERYTHING) -> LogStats:
        """What matches; days and hours are those of `zone`, else the machine's own.

        An event that is known as a count only is taken to be of its interval's beginning.
        """
        with self.history(which, zone) as (history, waiting):
            return count(self._connection, self.path, history, waiting)

    @contextmanager
    def history(
        self, which: Filter = EVERYTHING, zone: tzinfo | None = None
    ) -> Iterator[tuple[History, int]]:
        """One moment of the log: what was seen when, and how many of it wait for their commit."""
        with self._snapshot() as waiting:
            history = History(self._connection, waiting, which, zone)
            yield history, sum(1 for _ in which.chosen(waiting))

    def events(self, which: Filter = EVERYTHING) -> Iterator[EmotionEvent]:
        """All events that match, in order of arrival, one at a time; also those that wait yet."""
        where, values = which.clause()
        with self._snapshot() as waiting:
            # Rows are fetched one by one, afterwards: what is committed meanwhile has waited here.
            last = schema.max_assigned_id(self._connection)
        joined = f"{where} AND" if where else " WHERE"
        with translate_errors(self.path):
            rows = self._connection.execute(
                f"{schema.SELECT_WITH_ID}{joined} event.id <= ? ORDER BY event.id", [*values, last]
            )
            yield from (event for _, event in self._decoded(rows))
        yield from which.chosen(waiting)
        if memory := self.in_memory():
            with open_log(memory) as other:
                yield from other.events(which)
                self.skipped += other.skipped

    def latest(self, count: int, which: Filter = EVERYTHING) -> list[EmotionEvent]:
        """The last `count` events that match, in order of arrival; also those that wait yet."""
        where, values = which.clause()
        with self._snapshot() as waiting:
            rows = self._connection.execute(
                f"{schema.SELECT_WITH_ID}{where} ORDER BY event.id DESC", values
            )
            newest = [event for _, event in islice(self._decoded(rows), count)]
        found = [*newest[::-1], *which.chosen(waiting)]
        if memory := self.in_memory():
            with open_log(memory) as other:
                found += other.latest(count, which)
                self.skipped += other.skipped
        return found[-count:]

    def after_id(self, after: int, count: int) -> list[tuple[int, EmotionEvent]]:
        """The first `count` events with a number beyond `after`, with their numbers, in order.

        Numbers are given in order of arrival, with gaps, and never twice in one log. An event that
        waits for its commit has the number that it will have there; where two runs write the log,
        that is not known, and only what is committed is found.
        """
        with self._snapshot() as waiting:
            rows = self._connection.execute(
                f"{schema.SELECT_WITH_ID} WHERE event.id > ? ORDER BY event.id", [after]
            )
            found = [*islice(self._decoded(rows), count)]
            first = schema.max_assigned_id(self._connection) + 1
            sure = len(spool.spools(self._connection, self.path)) == 1
        new = enumerate(waiting if sure else [], first)
        return (found + [(number, event) for number, event in new if number > after])[:count]

    def _decoded(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[int, EmotionEvent]]:
        """Number and event of each row; a damaged one is left out, and counted."""
        for number, *values in rows:
            try:
                yield number, schema.decode(tuple(values))
            except schema.DamagedLogError:
                self.skipped += 1
                self.last_skipped = max(self.last_skipped, number)

    def last_number(self) -> int:
        """The number of the event that came last; 0 in an empty log."""
        with translate_errors(self.path):
            (last,) = self._connection.execute("SELECT max(id) FROM event").fetchone()
        return int(last or 0)

    def max_assigned_id(self) -> int:
        """The highest number that an event of this log may have had, even if it is gone."""
        with self._snapshot() as waiting:
            return schema.max_assigned_id(self._connection) + len(waiting)

    def in_memory(self) -> Path | None:
        """The log that holds the events themselves, where this one has only counts."""
        with translate_errors(self.path):
            named = self._connection.execute("SELECT path FROM in_memory WHERE batch IS NULL")
            found = [Path(path) for (path,) in named]
        return next((path for path in found if spool.is_log(path, self.path)), None)

    @contextmanager
    def _snapshot(self) -> Iterator[list[EmotionEvent]]:
        """One moment of the log; yields what waited then for its commit, in memory.

        The memory is read first: a batch committed since is known by the name that the log has
        for it, and is not taken twice.
        """
        with translate_errors(self.path):
            before = spool.spools(self._connection, self.path)
            memory = {path: spool.read(path) for path in before}
            self._connection.execute("BEGIN")
            try:
                committed = spool.spools(self._connection, self.path)
                yield [
                    event
                    for path, left in memory.items()
                    if path in committed and left.batch != committed[path]
                    for event in left.events
                ]
            finally:
                self._connection.execute("COMMIT")

    def counts(self, which: Filter = EVERYTHING) -> Iterator[Count]:
        """How often each label was seen, interval by interval, where only that is known."""
        with translate_errors(self.path):
            rows = self._connection.execute(
                "SELECT start_s, interval_s, modality, label.name, events, model.name"
                f" FROM tally{schema.JOINED} ORDER BY start_s, interval_s, modality, label.name"
            )
            for start_s, interval_s, modality, label, events, model in rows:
                start = schema.at(start_s * 1_000_000)
                found = Count(start, interval_s, modality, label, events, model)
                if which.clips(modality, label, start):
                    yield found

    def table(
        self, by: str, which: Filter = EVERYTHING, zone: tzinfo | None = None
    ) -> dict[str, Row]:
        """A row for each "hour", "day", "week", "month" or "weekday" that holds what matches."""
        with self.history(which, zone) as (history, _):
            return table(history, by)

    def labels(self) -> list[str]:
        """Every label that this log holds, or that a model of it could give."""
        with self._snapshot() as waiting:
            rows = self._connection.execute("SELECT name FROM label").fetchall()
        names = [name for (name,) in rows if isinstance(name, str)] + [
            event.label for event in waiting
        ]
        return sorted({meaning(name) for name in names + self.score_labels()})

    def score_labels(self) -> list[str]:
        """Every label that some model of this log scores, in the models' order."""
        with self._snapshot() as waiting:
            rows = self._connection.execute(
                "SELECT value FROM model, json_each(labels) ORDER BY model.id, key"
            ).fetchall()
        labels = [label for (label,) in rows]
        labels += [label for event in waiting for label in event.scores]
        if memory := self.in_memory():
            with open_log(memory) as other:
                labels += other.score_labels()
        return list(dict.fromkeys(labels))

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_log(path: Path) -> Log:
    """Open the log for reading; nothing in it is changed, and its writer is not held up.

    Raises MissingDataError where there is none, DamagedLogError, SinkError for another file.
    """
    must_exist(path)
    with acting_as_owner(path):
        return _opened(path)


def _opened(path: Path) -> Log:
    with translate_errors(path):
        try:
            return Log(path, opening.connect(path, opening.mode(path)))
        except sqlite3.OperationalError as error:
            # On a full disk SQLite cannot make its -shm; with nothing in the -wal, the file is all.
            waiting = path.with_name(f"{path.name}-wal")
            if not erase.is_full(error) or (waiting.exists() and waiting.stat().st_size):
                raise
            return Log(path, opening.connect(path, "ro&immutable=1"))
