"""Which events of a log are wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from edge.log import schema
from edge.types import EmotionEvent


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events; None stands for all of them."""

    label: str | None = None
    modality: str | None = None
    since: datetime | None = None

    def clause(self) -> tuple[str, list[str | int]]:
        """SQL and its parameters, for events joined with their model and label."""
        tests: list[str] = []
        values: list[str | int] = []
        if self.label is not None:
            tests.append("label.name = ?")
            values.append(self.label)
        if self.modality is not None:
            tests.append("modality = ?")
            values.append(self.modality)
        if self.since is not None:
            tests.append("time_us >= ?")
            values.append(schema.microseconds(self.since))
        return (" WHERE " + " AND ".join(tests) if tests else ""), values

    def clips(self, modality: str, label: str, time: datetime) -> bool:
        """As `clause`, for what is not in the table of events."""
        return (
            self.label in (None, label)
            and self.modality in (None, modality)
            and (self.since is None or time >= self.since)
        )

    def chosen(self, events: Iterable[EmotionEvent]) -> Iterator[EmotionEvent]:
        """Those of the events that match."""
        return (one for one in events if self.clips(one.modality, one.label, one.time))


EVERYTHING = Filter()
