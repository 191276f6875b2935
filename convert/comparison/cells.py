"""What the page's sections share: what they are made of, and how a figure is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from convert.comparison.claims import Checked, Claims, Known
from convert.comparison.entries import Entry
from convert.comparison.measure import Kept, Measured

LEVELS = ("", " at noise 0.05", " at noise 0.1", " at noise 0.3")
"""As figures on a card are named; the first is of clean faces."""
NOISES = tuple(level.removeprefix(" at noise ") for level in LEVELS[1:])
COST = ("network", "parameters", "MMAC", "int8 kB", "ms")
NONE = "–"


@dataclass(frozen=True, slots=True)
class Page:
    """All that the page is made of. pictures: what there is, name → its path from the page"""

    entries: Sequence[Entry]
    kept: Kept
    claims: Claims
    checked: Sequence[Checked]
    pictures: dict[str, str]

    def of(self, entry: Entry) -> Known:
        return Known(entry, self.kept.of(entry))

    def named(self, names: Iterable[str]) -> list[Entry]:
        """Those of the networks that are converted."""
        by_name = {entry.name: entry for entry in self.entries}
        return [by_name[name] for name in names if by_name[name].card is not None]

    @property
    def faces(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.sees_one_face]


def cost(entry: Entry, measured: Measured | None) -> list[str]:
    card = entry.card
    if card is None:
        return [NONE] * 4
    latency = measured.latency if measured else None
    return [
        f"{card.parameters:,}",
        f"{card.macs / 1e6:,.1f}",
        f"{card.size_bytes / 1e3:,.0f}",
        f"{latency.p5_ms:.2f}" if latency else NONE,
    ]


def both(known: Known, what: str) -> list[str]:
    return [
        f"{share(known.figure(f'float32 {what}{level}'))} / "
        f"{share(known.figure(f'int8 {what}{level}'))}"
        for level in LEVELS
    ]


def as_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield f"| {' | '.join(row)} |"


def share(value: float | None, digits: int = 3) -> str:
    return NONE if value is None else f"{value:.{digits}f}"
