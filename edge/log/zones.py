"""Local time as arithmetic: offset_spans of quarters of an hour in which a zone's offset is one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import NamedTuple

from edge.log.aggregates import QUARTER_S, QUARTERS_A_DAY
from edge.log.schema import at


class OffsetSpan(NamedTuple):
    """Quarters since 1970, UTC: `first` to before `end`; add `offset` for local ones."""

    first: int
    end: int
    offset: int


def local(quarter: int, zone: tzinfo | None) -> datetime:
    """A quarter's start in `zone`, else in the machine's own."""
    return at(quarter * QUARTER_S * 1_000_000).astimezone(zone)


def offset(quarter: int, zone: tzinfo | None) -> int:
    """Local less UTC, in quarters of an hour."""
    found = local(quarter, zone).utcoffset()
    return round(found.total_seconds() / QUARTER_S) if found is not None else 0


def offset_spans(first: int, end: int, zone: tzinfo | None) -> Iterator[OffsetSpan]:
    """The quarters from `first` to before `end`, in order, cut where the clocks change."""
    while first < end:
        now, same = offset(first, zone), first
        # No zone changes its clocks twice within a day.
        while same < end - 1 and offset(min(same + QUARTERS_A_DAY, end - 1), zone) == now:
            same = min(same + QUARTERS_A_DAY, end - 1)
        high = min(same + QUARTERS_A_DAY, end)
        while high - same > 1:
            middle = (same + high) // 2
            same, high = (middle, high) if offset(middle, zone) == now else (same, middle)
        same = high
        yield OffsetSpan(first, same, now)
        first = same
