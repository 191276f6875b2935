"""What `edge log stats` prints: tables, each on its own scale, or JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from edge.cli.units import size
from edge.log.stats import LogStats
from edge.log.tables import WEEKDAYS, Row
from edge.sinks.console import bar, blocks

_DAYS_SHOWN = 14
_NOTES_SHOWN = 5
_LABELS_SHOWN = 3


def as_json_text(found: LogStats, by: str | None, table: dict[str, Row] | None) -> str:
    values = asdict(found) | {
        "moments": found.moments,
        "shares": found.fractions,
        "bytes_per_event": found.bytes_per_event,
    }
    if table is not None:
        values["by"] = by
        values["rows"] = {name: asdict(row) for name, row in table.items()}
    return json.dumps(values, indent=2, default=_plain)


def as_lines(found: LogStats, by: str | None, table: dict[str, Row] | None) -> Iterator[str]:
    yield from _head(found)
    if not found.moments:
        return
    yield from _chart("label", found.labels.items(), found.moments)
    if table is not None:
        yield from _table(by or "", table)
        return
    days = list(found.days.items())
    title = "day" if len(days) <= _DAYS_SHOWN else f"day (the last {_DAYS_SHOWN})"
    yield from _chart(title, days[-_DAYS_SHOWN:], found.moments)
    hours = ((f"{hour:02}:00", count) for hour, count in enumerate(found.hours))
    yield from _chart("hour", hours, found.moments)
    if len(days) > 1:
        yield from _chart("weekday", zip(WEEKDAYS, found.weekdays, strict=True), found.moments)


def _head(found: LogStats) -> Iterator[str]:
    yield f"log      {found.path} (schema {found.schema})"
    yield f"events   {found.events:,}"
    if found.moments != found.events:
        yield f"moments  {found.moments:,}: what was seen, heard and fused is one"
    each = f", {found.bytes_per_event:.0f} bytes an event" if found.logged else ""
    yield f"on disk  {size(found.size_bytes)}{each}"
    if found.first and found.last:
        yield f"from     {_local(found.first)} to {_local(found.last)}"
    if found.visitors.visits:
        some = found.visitors
        average = f"{some.mean_stay_s:.0f} s each on average"
        yield f"visitors {some.visits:,}, {average} ({some.stay_counts})"
    if found.waiting:
        yield f"waiting  {found.waiting:,} events, in memory"
    if found.counted:
        yield f"counted  {found.counted:,} of them are known as counts only"
    if found.wrong_clock:
        yield f"clock    {found.wrong_clock:,} of them have a time that no right clock has said"
    yield from (f"damaged  {path} (set aside)" for path in found.damaged)
    yield from (f"note     {_local(time)} {text}" for time, text in found.notes[-_NOTES_SHOWN:])


def _chart(title: str, counts: Iterable[tuple[str, int]], total: int) -> Iterator[str]:
    some = {name: count for name, count in counts if count}
    most, cells = max(some.values(), default=0), blocks(sys.stdout)
    yield ""
    yield f"{title:<16} {'moments':>10}  share"
    for name, count in some.items():
        yield f"{name:<16} {count:>10,} {count / total:>6.1%}  {bar(count / most, cells)}"


def _table(title: str, rows: dict[str, Row]) -> Iterator[str]:
    most, cells = max(row.moments for row in rows.values()), blocks(sys.stdout)
    yield ""
    yield f"{title:<13} {'moments':>10} {'visitors':>9}  {'stay':>6}  {'':<20}  mostly"
    for name, row in rows.items():
        if not row.moments:
            continue
        stay = f"{row.visitors.mean_stay_s:.0f} s" if row.visitors.visits else ""
        labels = ", ".join(
            f"{label} {count / row.moments:.0%}"
            for label, count in row.labels.most_common(_LABELS_SHOWN)
        )
        yield (
            f"{name:<13} {row.moments:>10,} {row.visitors.visits or '':>9}  {stay:>6}  "
            f"{bar(row.moments / most, cells)}  {labels}"
        )


def _local(time: datetime) -> str:
    return time.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
