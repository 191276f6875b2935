"""What a log holds, in figures."""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from edge.log import database, schema
from edge.log.history import DAY, WEEKDAY_HOUR, History, Visitors, day


@dataclass(frozen=True, slots=True)
class Count:
    """How often a label was seen by one model, from `start` (UTC) on for `interval_s`."""

    start: datetime
    interval_s: int
    modality: str
    label: str
    events: int
    model: str


@dataclass(frozen=True, slots=True)
class LogStats:
    """What a log holds between two times; figures are taken to the quarter of an hour.

    events:      all of them: a moment that was seen, heard and fused is three
    moments:     the same, such a moment being one; labels, days and hours count moments
    first, last: times of the earliest and the latest event, None where there is none
    labels:      label → moments, most frequent first; what is one in meaning is one here
    modalities:  modality → events
    days:        local date (ISO) → moments, in order
    hours:       moments by hour of the local day, 24
    weekdays:    moments by local weekday, 7, from Monday on
    visitors:    tracks of faces: how many, and how long they stayed
    size_bytes:  on disk, with what waits in the write-ahead log
    damaged:     logs that were set aside as damaged, beside this one
    waiting:     of the events, those that wait in memory for their commit
    counted:     of the events, those that are known as counts only
    wrong_clock: of the events, those whose time no right clock can have said (`edge.log.clocks`)
    logged:      all events of the log, whatever was asked for
    notes:       time and text of what else the log has to say, oldest first
    """

    path: Path
    schema: int
    events: int
    first: datetime | None
    last: datetime | None
    labels: dict[str, int]
    modalities: dict[str, int]
    days: dict[str, int]
    hours: tuple[int, ...]
    weekdays: tuple[int, ...]
    visitors: Visitors
    size_bytes: int
    damaged: tuple[Path, ...]
    waiting: int = 0
    counted: int = 0
    wrong_clock: int = 0
    logged: int = 0
    notes: tuple[tuple[datetime, str], ...] = ()

    @property
    def fractions(self) -> dict[str, float]:
        """label → its share of all moments."""
        return {label: count / self.moments for label, count in self.labels.items()}

    @property
    def moments(self) -> int:
        return sum(self.labels.values())

    @property
    def bytes_per_event(self) -> float:
        return self.size_bytes / self.logged if self.logged else 0.0


def count(
    connection: sqlite3.Connection, path: Path, history: History, waiting: int = 0
) -> LogStats:
    """Figures of a log's history, with what else the log has to say; see `Log.stats`."""
    notes = connection.execute("SELECT time_us, text FROM note ORDER BY id").fetchall()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    labels: Counter[str] = Counter()
    days: dict[str, int] = {}
    for number, by_label in history.labels(DAY).items():
        labels.update(by_label)
        days[day(number).isoformat()] = by_label.total()
    hours, weekdays = [0] * 24, [0] * 7
    for hour, by_label in history.labels(WEEKDAY_HOUR).items():
        hours[hour % 24] += by_label.total()
        weekdays[hour // 24] += by_label.total()
    visitors = Visitors()
    for some in history.visitors(DAY).values():
        visitors.merge(some)
    modalities = history.modalities()
    first, last = history.bounds() if modalities else (None, None)
    return LogStats(
        path=path,
        schema=version,
        events=modalities.total(),
        first=first,
        last=last,
        labels=dict(labels.most_common()),
        modalities=dict(modalities.most_common()),
        days=days,
        hours=tuple(hours),
        weekdays=tuple(weekdays),
        visitors=visitors,
        size_bytes=database.size_bytes(path),
        damaged=database.damaged_logs(path),
        waiting=waiting,
        counted=history.counted(),
        wrong_clock=history.by_wrong_clock(datetime.now(UTC)),
        logged=history.logged(),
        notes=tuple((schema.at(time_us), text) for time_us, text in notes),
    )
