"""What a log holds, in figures."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

from edge.log import database, schema
from edge.types import EmotionEvent

_QUARTER_US = 900_000_000  # every time zone's hours and days begin on a quarter of a UTC hour
_EVENTS = (
    "SELECT modality, label.name, min(time_us), max(time_us), count(*)"
    f" FROM event{schema.JOINED} WHERE {schema.READABLE} GROUP BY 1, 2, time_us / {_QUARTER_US}"
)
_COUNTS = (
    "SELECT modality, label.name, start_s * 1000000, (start_s + interval_s) * 1000000, events"
    f" FROM tally{schema.JOINED}"
)


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
    """What a log holds.

    first, last: times of the earliest and the latest event, None in an empty log
    labels:      label → events, most frequent first
    modalities:  modality → events
    days:        local date (ISO) → events, in order
    hours:       events by hour of the local day, 24
    size_bytes:  on disk, with what waits in the write-ahead log
    damaged:     logs that were set aside as damaged, beside this one
    waiting:     of the events, those that wait in memory for their commit
    counted:     of the events, those that are known as counts only
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
    size_bytes: int
    damaged: tuple[Path, ...]
    waiting: int = 0
    counted: int = 0
    notes: tuple[tuple[datetime, str], ...] = ()

    @property
    def fractions(self) -> dict[str, float]:
        """label → its share of all events."""
        return {label: count / self.events for label, count in self.labels.items()}

    @property
    def bytes_per_event(self) -> float:
        return self.size_bytes / self.events if self.events else 0.0


def count(
    connection: sqlite3.Connection,
    path: Path,
    waiting: Iterable[EmotionEvent],
    zone: tzinfo | None,
) -> LogStats:
    """Figures of the log, with the events that wait to get into it; see `Log.stats`."""
    events = connection.execute(_EVENTS).fetchall()
    counts = connection.execute(_COUNTS).fetchall()
    notes = connection.execute("SELECT time_us, text FROM note ORDER BY id").fetchall()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    new = [_as_row(event) for event in waiting]
    labels: Counter[str] = Counter()
    modalities: Counter[str] = Counter()
    days: Counter[str] = Counter()
    hours: Counter[int] = Counter()
    times: list[int] = []
    for modality, label, first, last, number in (*events, *counts, *new):
        local = schema.at(first).astimezone(zone)
        labels[label] += number
        modalities[modality] += number
        days[local.date().isoformat()] += number
        hours[local.hour] += number
        times += (first, last)
    return LogStats(
        path=path,
        schema=version,
        events=labels.total(),
        first=schema.at(min(times)) if times else None,
        last=schema.at(max(times)) if times else None,
        labels=dict(labels.most_common()),
        modalities=dict(modalities.most_common()),
        days=dict(sorted(days.items())),
        hours=tuple(hours[hour] for hour in range(24)),
        size_bytes=database.size_bytes(path),
        damaged=database.damaged_logs(path),
        waiting=len(new),
        counted=sum(row[-1] for row in counts),
        notes=tuple((schema.at(time_us), text) for time_us, text in notes),
    )


def _as_row(event: EmotionEvent) -> tuple[str, str, int, int, int]:
    time_us = schema.microseconds(event.time)
    return event.modality, event.label, time_us, time_us, 1
