"""Several runs side by side, as a document: each held against the first, figure by figure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.report.blocks import Bars, Block, Document, Doubt, Section, Series, Table, Text
from benchmarks.report.tables import number
from benchmarks.report.verdict import faces_of
from benchmarks.results.compare import Change, Comparison
from benchmarks.results.results import Report

_PICTURES = (
    ("frames_s", "Frames a second that the clip's could come at", ""),
    ("memory_mb", "Peak resident memory of edge run", "MB"),
    ("first_event_s", "Process start to first event", "s"),
)


def build(reports: Sequence[Report], comparisons: Sequence[Comparison]) -> Document:
    """`comparisons`: of each report but the first with the first, in order."""
    names = board_names(reports)
    sections = [Section("Boards", (_boards(names, reports),)), _verdicts(names, reports)]
    sections += _figures(names, comparisons)
    sections.append(_doubts(names, comparisons))
    summary = (
        f"{', '.join(names[1:])} held against {names[0]}: the ratio, and its 95 % interval where "
        "several values were taken.",
    )
    return Document(f"{len(names)} boards side by side", summary, tuple(sections))


def board_names(reports: Sequence[Report]) -> list[str]:
    """Each board's name, numbered where two have the same."""
    plain = [report.machine.board or report.machine.cpu for report in reports]
    return [
        f"{name} ({plain[: i + 1].count(name)})" if plain.count(name) > 1 else name
        for i, name in enumerate(plain)
    ]


def _boards(names: Sequence[str], reports: Sequence[Report]) -> Table:
    def row(what: str, values: Iterator[str]) -> tuple[str, ...]:
        return (what, *values)

    machines = [report.machine for report in reports]
    rows = (
        row("CPU", (f"{m.cpu}, {m.cores} cores" for m in machines)),
        row(
            "memory",
            (f"{m.memory_bytes / 1e9:.1f} GB" if m.memory_bytes else "–" for m in machines),
        ),
        row("Python", (m.python for m in machines)),
        row("LiteRT", (m.libraries.get("ai-edge-litert", "–") for m in machines)),
        row("measured", (report.created for report in reports)),
    )
    return Table(("", *names), rows)


def _verdicts(names: Sequence[str], reports: Sequence[Report]) -> Section:
    verdicts = [{v.network: v for v in faces_of(report)} for report in reports]
    networks = list(dict.fromkeys(network for found in verdicts for network in found))
    blocks: list[Block] = []
    for field, title, unit in _PICTURES:
        values = [
            tuple(getattr(found[n], field) if n in found else None for n in networks)
            for found in verdicts
        ]
        if any(value is not None for board in values for value in board):
            series = tuple(
                Series(name, board, hue=i % 6)
                for i, (name, board) in enumerate(zip(names, values, strict=True))
            )
            blocks.append(Bars(title, unit, tuple(networks), series))
    return Section("At a glance", tuple(blocks or [Text("No run measured a whole pipeline.")]))


def _figures(names: Sequence[str], comparisons: Sequence[Comparison]) -> Iterator[Section]:
    """A section a suite, a row a figure, a column a board."""
    found = [{(c.suite, c.new.name, c.new.unit): c for c in one.changes} for one in comparisons]
    keys = list(dict.fromkeys(key for changes in found for key in changes))
    for suite in dict.fromkeys(key[0] for key in keys):
        rows = []
        for key in keys:
            if key[0] == suite:
                changes = [one.get(key) for one in found]
                first = next(change for change in changes if change is not None)
                cells = map(_cell, changes)
                rows.append((key[1], key[2], number(first.old.typical), *cells))
        header = ("", "unit", *names)
        yield Section(suite, (Table(header, tuple(rows)),))


def _cell(change: Change | None) -> str:
    if change is None:
        return "–"
    ratio = change.ratio
    text = f"{number(change.new.typical)} (x{ratio.value:.2f}"
    if ratio.low < ratio.high:
        text += f", {ratio.low:.2f} to {ratio.high:.2f}"
    return f"{text})"


def _doubts(names: Sequence[str], comparisons: Sequence[Comparison]) -> Section:
    said = [
        Doubt(f"{name}: {reason}")
        for name, one in zip(names[1:], comparisons, strict=True)
        for reason in one.doubts
    ]
    return Section("What may not be compared, and doubts", tuple(said or [Text("None.")]))
