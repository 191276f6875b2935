"""A report as plain text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.comparison import Comparison
from benchmarks.environment import describe
from benchmarks.measure import Measurement, Ratio
from benchmarks.results import Matrix, Report, SuiteResult


def head(report: Report) -> str:
    """What was measured, on what."""
    lines = [f"edge-bench, {report.created}: {report.command}"]
    if report.suites:
        lines += describe(report.machine, report.suites[0].before)
    lines += [
        f"{model.name}: {model.parameters:,} parameters, {model.macs / 1e6:.0f} MMAC, "
        f"sha256 {model.sha256[:12]}…"
        for model in report.models
    ]
    return "\n".join(lines)


def suite(result: SuiteResult) -> str:
    """One suite's tables, then its ratios, remarks and doubts."""
    single = [m for m in result.measurements if len(m.values) == 1]
    blocks = [
        _distributions([m for m in result.measurements if len(m.values) > 1]),
        _list([m for m in single if "/" not in m.name]),
        _grids([m for m in single if "/" in m.name]),
        *map(_matrix, result.matrices),
        "\n".join(map(_ratio, result.ratios)),
        "\n".join(f"note: {remark.text}" for remark in result.remarks),
        "\n".join(f"DOUBT: {doubt}" for doubt in result.doubts),
    ]
    title = f"== {result.name}"
    if result.status != "done":
        title += f" ({result.status}: {result.reason})"
    return "\n\n".join([title, *(block for block in blocks if block)])


def comparison(found: Comparison, limit: float | None) -> str:
    """The ratios, what cannot be compared, and what is worse by more than `limit`."""
    rows = [
        (
            f"{change.suite}: {change.new.name}",
            change.new.unit,
            number(change.old.median),
            number(change.new.median),
            f"{change.ratio.value:.3f}",
            f"{change.ratio.low:.3f} to {change.ratio.high:.3f}",
            change.verdict,
        )
        for change in found.changes
    ]
    header = ("", "unit", "old", "new", "new/old", "95% interval", "")
    blocks = [table(header, rows) if rows else "the two runs have no figure in common"]
    blocks += [f"DOUBT: {doubt}" for doubt in found.doubts]
    if limit is not None:
        worse = found.worse(limit)
        blocks.append(f"worse by more than {limit:.0%}: {len(worse)} of {len(rows)}")
        blocks += [f"  {change.suite}: {change.new.name}" for change in worse]
    return "\n".join(blocks)


def number(value: float) -> str:
    """About three significant digits, without an exponent."""
    size = abs(value)
    if value == int(value) and size < 1e15:
        return str(int(value))
    digits = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 10 else 3
    return f"{value:.{digits}f}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns aligned: the first to the left, the others to the right."""
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (header, *rows)
    )


def _distributions(measurements: list[Measurement]) -> str:
    if not measurements:
        return ""
    header = ("", "unit", "median", "p95", "p99", "min", "mean", "stdev", "n")
    return table(
        header,
        [
            (
                m.name,
                m.unit,
                *map(number, (m.median, m.p95, m.p99, m.minimum, m.mean, m.stdev, len(m.values))),
            )
            for m in measurements
        ],
    )


def _list(measurements: list[Measurement]) -> str:
    if not measurements:
        return ""
    return table(("", "value", "unit"), [(m.name, number(m.median), m.unit) for m in measurements])


def _grids(measurements: list[Measurement]) -> str:
    """Single values named "row/column" as tables, one for all rows of the same columns."""
    rows: dict[str, dict[str, str]] = {}
    for m in measurements:
        row, column = m.name.split("/", 1)
        rows.setdefault(row, {})[column] = number(m.median)
    alike: dict[tuple[str, ...], list[str]] = {}
    for row, cells in rows.items():
        alike.setdefault(tuple(cells), []).append(row)
    return "\n\n".join(
        table(("", *columns), [(row, *rows[row].values()) for row in names])
        for columns, names in alike.items()
    )


def _matrix(matrix: Matrix) -> str:
    rows = [
        (label, *map(str, counts))
        for label, counts in zip(matrix.labels, matrix.counts, strict=True)
    ]
    return table((f"{matrix.name}: true ↓ named →", *matrix.labels), rows)


def _ratio(ratio: Ratio) -> str:
    return (
        f"{ratio.numerator} takes {ratio.value:.3f} of {ratio.denominator} "
        f"({ratio.confidence:.0%} interval {ratio.low:.3f} to {ratio.high:.3f})"
    )
