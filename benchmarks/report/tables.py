"""A suite's findings as tables, the same for the terminal, Markdown and HTML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.measuring.findings import Matrix
from benchmarks.measuring.timing import Measurement, Ratio
from benchmarks.report.blocks import Block, Doubt, Note, Table, Text, cells
from benchmarks.results.results import SuiteResult


def number(value: float) -> str:
    """About three significant digits, without an exponent."""
    size = abs(value)
    if value == int(value) and size < 1e15:
        return str(int(value))
    digits = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 10 else 3
    return f"{value:.{digits}f}"


def tables(result: SuiteResult) -> Iterator[Table]:
    """Distributions, single figures, grids of "row/column" figures, matrices."""
    single = [m for m in result.measurements if len(m.values) == 1]
    several = [m for m in result.measurements if len(m.values) > 1]
    if several:
        yield _distributions(several)
    listed = [m for m in single if "/" not in m.name]
    if listed:
        rows = tuple((m.name, number(m.median), m.unit) for m in listed)
        yield Table(("", "value", "unit"), rows)
    yield from _grids([m for m in single if "/" in m.name])
    yield from map(_matrix, result.matrices)


def texts(result: SuiteResult) -> Iterator[Block]:
    """Ratios, remarks and doubts, a sentence each."""
    yield from (Text(_ratio(ratio)) for ratio in result.ratios)
    yield from (Note(remark.text) for remark in result.remarks)
    yield from (Doubt(warning) for warning in result.doubts)


def title(result: SuiteResult) -> str:
    if result.status == "done":
        return result.name
    return f"{result.name} ({result.status}: {result.reason})"


def grid(measurements: Sequence[Measurement]) -> dict[str, dict[str, float]]:
    """Single figures named "row/column": by row, then by column."""
    rows: dict[str, dict[str, float]] = {}
    for m in measurements:
        if len(m.values) == 1 and "/" in m.name:
            row, column = m.name.split("/", 1)
            rows.setdefault(row, {})[column] = m.median
    return rows


def _distributions(measurements: Sequence[Measurement]) -> Table:
    header = ("", "unit", "median", "p95", "p99", "min", "mean", "stdev", "n")
    rows = tuple(
        (
            m.name,
            m.unit,
            *map(number, (m.median, m.p95, m.p99, m.minimum, m.mean, m.stdev, len(m.values))),
        )
        for m in measurements
    )
    return Table(header, rows)


def _grids(measurements: Sequence[Measurement]) -> Iterator[Table]:
    """One table for all rows of the same columns."""
    rows = grid(measurements)
    alike: dict[tuple[str, ...], list[str]] = {}
    for row, values in rows.items():
        alike.setdefault(tuple(values), []).append(row)
    for columns, names in alike.items():
        body = tuple((name, *map(number, rows[name].values())) for name in names)
        yield Table(("", *columns), body)


def _matrix(matrix: Matrix) -> Table:
    rows = tuple(
        (label, *cells(counts)) for label, counts in zip(matrix.labels, matrix.counts, strict=True)
    )
    shades = tuple(
        (0.0, *(count / max(1, sum(counts)) for count in counts)) for counts in matrix.counts
    )
    return Table(("true ↓ named →", *matrix.labels), rows, matrix.name, shades=shades)


def _ratio(ratio: Ratio) -> str:
    return (
        f"{ratio.numerator} takes {ratio.value:.3f} of {ratio.denominator} "
        f"({ratio.confidence:.0%} interval {ratio.low:.3f} to {ratio.high:.3f})"
    )
