"""What a report is made of: sections of tables, figures, notes and doubts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Origin = Literal["", "ours", "paper"]
"""Whose figures a column or a series holds, where there could be a doubt."""
Provenance = Literal["measured", "projection"]


@dataclass(frozen=True, slots=True)
class Table:
    """header:  one cell a column; the first column names the rows
    origins: by column, or empty where all of them are ours
    shades:  by row and column 0 to 1, a background's strength; empty for none
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str = ""
    kind: Provenance = "measured"
    origins: tuple[Origin, ...] = ()
    shades: tuple[tuple[float, ...], ...] = ()

    def words(self, column: int) -> bool:
        """Whether most of the column's cells hold words: they read better from the left."""
        cells = [row[column] for row in self.rows]
        figures = sum(cell[:1].isdigit() or cell[:1] in ("–", "-", "≤", "≈") for cell in cells)
        return 2 * figures <= len(cells)

    def column_classes(self) -> list[str]:
        """By column, for a style: whose figures it holds, and whether they are words."""
        origins = self.origins or ("",) * len(self.header)
        kinds = ["word" if self.words(column) else "" for column in range(len(self.header))]
        return [" ".join(filter(None, both)) for both in zip(origins, kinds, strict=True)]


@dataclass(frozen=True, slots=True)
class Series:
    """values: by group or by x, None where there is none
    hue:    0 to 5, the same for the same thing throughout a report; 6 is gray
    high:   where each whisker ends; empty for none
    """

    name: str
    values: tuple[float | None, ...]
    hue: int = 0
    origin: Origin = ""
    high: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Bars:
    """Horizontal bars, one a series in each group; stacked: end to end in one bar."""

    title: str
    unit: str
    groups: tuple[str, ...]
    series: tuple[Series, ...]
    stacked: bool = False


@dataclass(frozen=True, slots=True)
class Lines:
    """Values over `x`, which increases; `top`: where the y axis ends, at the data's if None."""

    title: str
    x_label: str
    y_label: str
    x: tuple[float, ...]
    series: tuple[Series, ...]
    top: float | None = None


Figure = Bars | Lines


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """What a reader must know beside the figures."""

    text: str


@dataclass(frozen=True, slots=True)
class Doubt:
    text: str


Block = Table | Bars | Lines | Text | Note | Doubt


@dataclass(frozen=True, slots=True)
class Section:
    """kind: of all figures in it: measurements and projections never share a section"""

    title: str
    blocks: tuple[Block, ...]
    kind: Provenance = "measured"

    @property
    def anchor(self) -> str:
        words = "".join(c if c.isalnum() else " " for c in self.title.lower()).split()
        return "-".join(words)


@dataclass(frozen=True, slots=True)
class Document:
    """summary: one paragraph a line under the title"""

    title: str
    summary: tuple[str, ...]
    sections: tuple[Section, ...]


def cells(values: Sequence[object]) -> tuple[str, ...]:
    return tuple(str(value) for value in values)
