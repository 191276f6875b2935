"""What was seen when: sums over a log's quarters of an hour (`edge.log.aggregates`)."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from edge.log import counts, schema
from edge.log.aggregates import QUARTER_S, QUARTERS_A_DAY, STAY_COLUMNS, STAYS_S
from edge.log.clocks import AHEAD, EARLIEST
from edge.log.filter import EVERYTHING, Filter
from edge.log.zones import offset_spans
from edge.models.labels import meaning
from edge.types import EmotionEvent

_EPOCH = date(1970, 1, 1)
_ENDS = 5000  # events
_QUARTER_US = QUARTER_S * 1_000_000
_LAST = 281_500_000
"""A quarter of the year 9997: beyond it, a row is damaged."""
_SMALLEST = timedelta(microseconds=1)


class Bucket(NamedTuple):
    """A way to divide time: SQL and Python of a local quarter, counted from 1970-01-01 00:00."""

    sql: str
    of: Callable[[counts.Numbers], counts.Numbers]


HOUR = Bucket("quarter / 4", lambda quarter: quarter // 4)
DAY = Bucket("quarter / 96", lambda quarter: quarter // QUARTERS_A_DAY)
WEEKDAY_HOUR = Bucket(
    "(quarter / 96 + 3) % 7 * 24 + quarter / 4 % 24",
    lambda quarter: (quarter // QUARTERS_A_DAY + 3) % 7 * 24 + quarter // 4 % 24,
)
"""0 is Monday from 0:00 to 1:00."""


@dataclass(slots=True)
class Visitors:
    """Tracks of faces: how many came, and for how long they stayed.

    visits:  how many
    stay_s:  seconds, all together
    by_stay: how many stayed less than each of `STAYS_S` seconds (and not less than the one
             before), then how many stayed longer
    """

    visits: int = 0
    stay_s: float = 0.0
    by_stay: list[int] = field(default_factory=lambda: [0] * (len(STAYS_S) + 1))

    @property
    def mean_stay_s(self) -> float:
        return self.stay_s / self.visits if self.visits else 0.0

    @property
    def stay_counts(self) -> str:
        """How many stayed for how long, as a person reads it."""
        between = [f"{low} to {high} s" for low, high in pairwise(STAYS_S)]
        names = [f"under {STAYS_S[0]} s", *between, f"{STAYS_S[-1]} s or more"]
        pairs = zip(names, self.by_stay, strict=True)
        return "; ".join(f"{name}: {count:,}" for name, count in pairs if count)

    def add(self, visits: int, stay_us: int, under: Iterable[int]) -> None:
        """under: how many stayed less than each of `STAYS_S`, cumulative."""
        self.visits += visits
        self.stay_s += stay_us / 1e6
        limits = [0, *under, visits]
        for place, (below, above) in enumerate(pairwise(limits)):
            self.by_stay[place] += above - below

    def merge(self, other: Visitors) -> None:
        self.visits += other.visits
        self.stay_s += other.stay_s
        self.by_stay = [a + b for a, b in zip(self.by_stay, other.by_stay, strict=True)]


class History:
    """A log's counts between two times, in a zone; what waits for its commit is counted too.

    Times are taken to the quarter of an hour. Of one moment that was seen, heard and fused, the
    fusion is counted and the other two are not, unless one modality is asked for.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        waiting: Iterable[EmotionEvent] = (),
        which: Filter = EVERYTHING,
        zone: tzinfo | None = None,
    ) -> None:
        self._connection = connection
        self._zone = zone
        self._label = meaning(which.label) if which.label is not None else None
        self._modality = which.modality
        self._waiting = list(waiting)
        quarters = [_quarter(event.time) for event in self._waiting]
        for end in ("min", "max"):  # asked for both at once, SQLite goes through all of them
            (found,) = connection.execute(
                f"SELECT {end}(quarter) FROM history WHERE quarter BETWEEN 0 AND ?", [_LAST]
            ).fetchone()
            quarters += [] if found is None else [found]
        first, last = (min(quarters), max(quarters)) if quarters else (0, -1)
        self.first = max(first, _quarter(which.since)) if which.since is not None else first
        self.end = last + 1
        if which.until is not None:
            self.end = min(self.end, _quarter(which.until - _SMALLEST) + 1)

    def labels(self, bucket: Bucket) -> dict[int, Counter[str]]:
        """Bucket → label → how often, for the buckets that hold something, in order."""
        some, names = self._counts, self._counts.labels
        keys, rows = np.unique(bucket.of(some.quarter), return_inverse=True)
        sums = np.bincount(
            rows * len(names) + some.label, some.events if self._modality else some.alone
        )
        found: dict[int, Counter[str]] = {}
        for place in np.flatnonzero(sums).tolist():
            row, label = divmod(place, len(names))
            found.setdefault(int(keys[row]), Counter())[names[label]] = int(sums[place])
        return found

    def modalities(self) -> Counter[str]:
        """Modality → events; of a moment with a fusion, each of the three."""
        sums = np.bincount(self._counts.modality, self._counts.events)
        named = self._counts.modalities
        return Counter({named[place]: int(sums[place]) for place in np.flatnonzero(sums).tolist()})

    def counted(self) -> int:
        """Those events that are known as counts only."""
        return int(self._counts.counted.sum())

    def logged(self) -> int:
        """All events of the log, whatever was asked for."""
        found = self._connection.execute("SELECT total(events + counted) FROM history").fetchone()
        return int(found[0]) + len(self._waiting)

    def by_wrong_clock(self, now: datetime) -> int:
        """Those events whose time no right clock can have said, to the quarter of an hour."""
        early = self.first, min(self.end, _quarter(EARLIEST))
        late = max(self.first, _quarter(now + AHEAD) + 1), self.end
        return sum(int(self._read(*span, UTC).events.sum()) for span in (early, late))

    @cached_property
    def _counts(self) -> counts.Counts:
        return self._read(self.first, self.end, self._zone)

    def _read(self, first: int, end: int, zone: tzinfo | None) -> counts.Counts:
        single = {id(event) for event in _alone(self._waiting)}
        waiting = (
            counts.Waiting(quarter, event.label, event.modality, id(event) in single)
            for event in self._waiting
            if first <= (quarter := _quarter(event.time)) < end
        )
        read = counts.read(self._connection, first, end, zone, waiting)
        return read.chosen(self._label, self._modality)

    def visitors(self, bucket: Bucket) -> dict[int, Visitors]:
        """Bucket of their coming → visitors, in order; those of the last minutes may lack.

        They are faces, whatever their labels were: of one label, or of voices, there are none.
        """
        if self._label is not None or self._modality not in (None, "face"):
            return {}
        columns = ", ".join(f"sum({name})" for name in ("visits", "stay_us", *STAY_COLUMNS))
        found: dict[int, Visitors] = {}
        for first, end, shift in offset_spans(self.first, self.end, self._zone):
            key = bucket.sql.replace("quarter", f"(quarter + {shift})")
            rows = self._connection.execute(
                f"SELECT {key}, {columns} FROM visitors WHERE quarter >= ? AND quarter < ?"
                " GROUP BY 1",
                [first, end],
            )
            for number, visits, stay_us, *under in rows:
                found.setdefault(number, Visitors()).add(visits, stay_us, under)
        return dict(sorted(found.items()))

    def bounds(self) -> tuple[datetime | None, datetime | None]:
        """The times of the earliest and the latest event; None where there is none.

        To the second where events came in order, else to the quarter of an hour.
        """
        if self.first >= self.end:
            return None, None
        times = []
        for way, best, edge in (("ASC", min, self.first), ("DESC", max, self.end - 1)):
            ends = self._connection.execute(
                f"SELECT time_us FROM event ORDER BY id {way} LIMIT {_ENDS}"
            )
            found = [time_us for (time_us,) in ends if isinstance(time_us, int)]
            found += [schema.microseconds(event.time) for event in self._waiting]
            near = [time_us for time_us in found if time_us // _QUARTER_US == edge]
            times.append(best(near, default=edge * _QUARTER_US))
        return schema.at(times[0]), schema.at(times[1])


def day(number: int) -> date:
    """The local date of a bucket of `DAY`."""
    return _EPOCH + timedelta(days=number)


def _alone(events: Iterable[EmotionEvent]) -> Iterator[EmotionEvent]:
    """Those that no fusion stands for: the rule of `edge.log.aggregates`, for what waits."""
    latest: dict[tuple[str, int], tuple[int, EmotionEvent]] = {}
    kept: dict[int, EmotionEvent] = {}
    for number, event in enumerate(events):
        kept[number] = event
        if event.modality == "fusion":
            for key in (("face", event.track_id), ("speech", 0)):
                before = latest.get(key)
                if before and abs(event.time - before[1].time) <= timedelta(seconds=1):
                    kept.pop(before[0], None)
        latest[event.modality, event.track_id if event.modality == "face" else 0] = number, event
    return iter(kept.values())


def _quarter(time: datetime) -> int:
    return schema.microseconds(time) // _QUARTER_US
