"""Which events of a log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from edge.log import schema
from edge.models.labels import meaning, spellings
from edge.types import EmotionEvent


@dataclass(frozen=True, slots=True)
class Filter:
    """None stands for all of them.

    label: fearful is fear, whoever says it
    since, until: aware; from the one on, to before the other
    """

    label: str | None = None
    modality: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def clause(self) -> tuple[str, list[str | int]]:
        """SQL and its parameters, for events joined with their model and label."""
        tests: list[str] = []
        values: list[str | int] = []
        if self.label is not None:
            names = spellings(self.label)
            tests.append(f"label.name IN ({', '.join('?' * len(names))})")
            values += names
        if self.modality is not None:
            tests.append("modality = ?")
            values.append(self.modality)
        if self.since is not None:
            tests.append("time_us >= ?")
            values.append(schema.microseconds(self.since))
        if self.until is not None:
            tests.append("time_us < ?")
            values.append(schema.microseconds(self.until))
        return (" WHERE " + " AND ".join(tests) if tests else ""), values

    def clips(self, modality: str, label: str, time: datetime) -> bool:
        """As `clause`, for what is not in the table of events."""
        return (
            (self.label is None or meaning(self.label) == meaning(label))
            and self.modality in (None, modality)
            and (self.since is None or time >= self.since)
            and (self.until is None or time < self.until)
        )

    def chosen(self, events: Iterable[EmotionEvent]) -> Iterator[EmotionEvent]:
        """Those of the events that match."""
        return (one for one in events if self.clips(one.modality, one.label, one.time))


EVERYTHING = Filter()
