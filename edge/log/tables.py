"""A log's history as rows: what was seen in each hour, day, week, month or weekday."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from edge.log.history import DAY, HOUR, WEEKDAY_HOUR, Bucket, History, Visitors, day

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(slots=True)
class Row:
    """labels: label → moments; visitors: those who came then"""

    labels: Counter[str] = field(default_factory=Counter)
    visitors: Visitors = field(default_factory=Visitors)

    @property
    def moments(self) -> int:
        return self.labels.total()


def _hour(number: int) -> str:
    return (datetime(1970, 1, 1) + timedelta(hours=number)).strftime("%Y-%m-%dT%H")


def _week(number: int) -> str:
    year, week, _ = day(number).isocalendar()
    return f"{year}-W{week:02}"


DIVISIONS: dict[str, tuple[Bucket, Callable[[int], str]]] = {
    "hour": (HOUR, _hour),
    "day": (DAY, lambda number: day(number).isoformat()),
    "week": (DAY, _week),
    "month": (DAY, lambda number: day(number).isoformat()[:7]),
    "weekday": (WEEKDAY_HOUR, lambda number: WEEKDAYS[number // 24]),
}
"""Name → the sums that it is made of, and what each of them is called, in ISO 8601."""


def table(history: History, by: str) -> dict[str, Row]:
    """A row for each division of local time that holds something, in order."""
    bucket, name = DIVISIONS[by]
    rows: dict[str, Row] = {}
    for number, labels in history.labels(bucket).items():
        rows.setdefault(name(number), Row()).labels.update(labels)
    for number, visitors in history.visitors(bucket).items():
        rows.setdefault(name(number), Row()).visitors.merge(visitors)
    return dict(sorted(rows.items(), key=lambda item: _place(item[0])))


def flat(rows: dict[str, Row]) -> Iterator[dict[str, object]]:
    """A row for each division and label, for other programs."""
    for name, row in rows.items():
        for label, moments in row.labels.most_common():
            yield {"start": name, "label": label, "moments": moments}


def _place(name: str) -> str:
    return str(WEEKDAYS.index(name)) if name in WEEKDAYS else name
