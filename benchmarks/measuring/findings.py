"""What a suite yields: measurements, ratios, confusion matrices, remarks and doubts."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.measuring.timing import Measurement, Ratio


@dataclass(frozen=True, slots=True)
class Matrix:
    """Counts by true (row) and predicted (column) label."""

    name: str
    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Remark:
    """What a reader must know beside the figures: what was left out and why, a protocol."""

    text: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a suite's own figures may be wrong, and what to do."""

    text: str


Finding = Measurement | Ratio | Matrix | Remark | Doubt
