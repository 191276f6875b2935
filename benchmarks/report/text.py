"""A report as plain text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.measuring.environment import describe
from benchmarks.report import tables
from benchmarks.report.blocks import Bars, Block, Document, Doubt, Lines, Note, Section, Table, Text
from benchmarks.report.tables import number
from benchmarks.results.compare import Comparison
from benchmarks.results.results import Report, SuiteResult


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
    return section(Section(tables.title(result), (*tables.tables(result), *tables.texts(result))))


def section(shown: Section) -> str:
    """Tables with an empty line around each, sentences of one kind line by line; no figures."""
    blocks: list[list[str]] = []
    last: type[Block] | None = None
    for block in shown.blocks:
        if isinstance(block, Bars | Lines):
            continue
        if isinstance(block, Table) or type(block) is not last:
            blocks.append([])
        blocks[-1].append(_block(block))
        last = type(block)
    mark = " [projection, not measured]" if shown.kind == "projection" else ""
    return "\n\n".join([f"== {shown.title}{mark}", *("\n".join(lines) for lines in blocks)])


def document(whole: Document) -> str:
    """All sections of a report, in a terminal's width or wider."""
    return "\n\n".join(["\n".join([whole.title, *whole.summary]), *map(section, whole.sections)])


def _block(block: Table | Text | Note | Doubt) -> str:
    if isinstance(block, Table):
        head = f"{block.title}\n" if block.title else ""
        return head + table(block.header, block.rows)
    if isinstance(block, Doubt):
        return f"DOUBT: {block.text}"
    return f"note: {block.text}" if isinstance(block, Note) else block.text


def comparison(found: Comparison, limit: float | None) -> str:
    """The ratios, what cannot be compared, and what is worse by more than `limit`."""
    rows = [
        (
            f"{change.suite}: {change.new.name}",
            change.new.unit,
            number(change.old.typical),
            number(change.new.typical),
            f"{change.ratio.value:.3f}",
            f"{change.ratio.low:.3f} to {change.ratio.high:.3f}",
            change.verdict,
        )
        for change in found.changes
    ]
    header = ("", "unit", "old", "new", "new/old", "95% interval", "")
    blocks = [table(header, rows) if rows else "the two runs have no figure in common"]
    blocks += [f"DOUBT: {warning}" for warning in found.doubts]
    if limit is not None:
        worse = found.worse(limit)
        blocks.append(f"worse by more than {limit:.0%}: {len(worse)} of {len(rows)}")
        blocks += [f"  {change.suite}: {change.new.name}" for change in worse]
    return "\n".join(blocks)


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
