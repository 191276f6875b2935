"""A results file as a document: where it was measured, why to doubt it, then what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.measuring.environment import Condition
from benchmarks.report import papers, tables, verdict
from benchmarks.report import projections as boards
from benchmarks.report.blocks import Block, Document, Doubt, Section, Table, Text
from benchmarks.report.figures import figures
from benchmarks.report.tables import number
from benchmarks.results.results import Report, SuiteResult

DASH = "–"


def build(report: Report) -> Document:
    """The whole report; sections that the run has no figures for are left out."""
    sections = [verdict.section(report), environment(report), doubts(report), _glance(report)]
    sections += [suite(result, report) for result in report.suites]
    sections += [papers.section(report), boards.section(report)]
    place = report.machine.board or report.machine.cpu
    summary = (f"Measured {report.created} by: {report.command}", _verdict(report))
    return Document(f"edge-bench on {place}", summary, tuple(s for s in sections if s is not None))


def _verdict(report: Report) -> str:
    count = len({warning for result in report.suites for warning in result.doubts})
    if not count:
        return "The run does not doubt its figures."
    plural = "s" if count > 1 else ""
    return f"The run gives {count} reason{plural} to doubt its figures: see Doubts."


def suite(result: SuiteResult, report: Report) -> Section:
    """One suite: its figures first, then its tables and what it says about itself."""
    found: list[Block] = []
    if result.status == "skipped":
        found.append(Text(f"skipped: {result.reason}"))
    elif result.status != "done":
        found.append(Doubt(f"{result.status}: {result.reason}"))
    found += [*figures(result, report.models), *tables.tables(result), *tables.texts(result)]
    return Section(result.name, tuple(found))


def environment(report: Report) -> Section:
    blocks: list[Block] = [_machine(report), _libraries(report)]
    if report.models:
        blocks.append(_models(report))
    if report.suites:
        blocks.append(_device(report))
        unread = _unread(report.suites[0].before)
        if unread:
            blocks.append(Text(f"Not readable on this device: {', '.join(unread)}."))
    return Section("What was measured, and on what", tuple(blocks))


def doubts(report: Report) -> Section:
    """Every reason to distrust a figure, each once, with the suites that it concerns."""
    concerned: dict[str, list[str]] = {}
    for result in report.suites:
        for warning in result.doubts:
            concerned.setdefault(warning, []).append(result.name)
    found: list[Block] = [Doubt(f"{', '.join(names)}: {text}") for text, names in concerned.items()]
    clean = "None: nothing was throttled, too hot, too busy or too scattered, as far as it was read"
    return Section("Doubts", tuple(found or [Text(f"{clean}.")]))


def _machine(report: Report) -> Table:
    machine = report.machine
    memory = f"{machine.memory_bytes / 2**20:.0f} MB" if machine.memory_bytes else DASH
    rows = (
        ("board", machine.board or "unnamed"),
        ("CPU", f"{machine.cpu}, {machine.cores} cores, {machine.architecture}"),
        ("memory", memory),
        ("system", f"Linux {machine.kernel}, Python {machine.python}"),
    )
    return Table(("machine", ""), rows)


def _libraries(report: Report) -> Table:
    return Table(("library", "version"), tuple(report.machine.libraries.items()))


def _models(report: Report) -> Table:
    rows = tuple(
        (m.name, Path(m.path).name, f"{m.parameters:,}", f"{m.macs / 1e6:.0f}", m.sha256)
        for m in report.models
    )
    return Table(("model", "file", "parameters", "MMAC", "sha256"), rows)


def _device(report: Report) -> Table:
    """What the device did during each suite: every reading of it, from the first to the last."""
    header = ("device during", "status", "took s", "governor", "GHz", "hottest °C", "flags",
              "load", "free MB, least")  # fmt: skip
    rows = []
    for result in report.suites:
        during = [m.condition for m in result.measurements if m.condition is not None]
        readings = [result.before, *during, result.after]
        rows.append(
            (
                result.name,
                result.status,
                f"{result.after.at_s - result.before.at_s:.0f}",
                ", ".join(dict.fromkeys(r.governor for r in readings if r.governor)) or DASH,
                _span(readings, lambda r: r.clock_hz and r.clock_hz / 1e9, "{:.2f}"),
                _extreme(readings, lambda r: r.temperature_c, max, "{:.0f}"),
                _flags(readings),
                _span(readings, lambda r: r.load_average, "{:.1f}"),
                _extreme(readings, _free_megabytes, min, "{:.0f}"),
            )
        )
    return Table(header, tuple(rows))


def _free_megabytes(reading: Condition) -> float | None:
    free = reading.memory_available_bytes
    return None if free is None else free / 2**20


def _flags(readings: Sequence[Condition]) -> str:
    known = [r for r in readings if r.throttled is not None]
    if not known:
        return DASH
    now = dict.fromkeys(flag for r in known for flag in r.throttled_now)
    earlier = dict.fromkeys(f for r in known for f in r.throttled_since_boot if f not in now)
    return ", ".join([*now, *(f"{flag} since boot" for flag in earlier)]) or "none"


def _unread(condition: Condition) -> list[str]:
    values = {
        "the governor": condition.governor,
        "the clock": condition.clock_hz,
        "the temperature": condition.temperature_c,
        "throttling and under-voltage": condition.throttled,
        "other programs' CPU time": condition.busy_s,
    }
    return [name for name, value in values.items() if value is None]


def _span(
    readings: Sequence[Condition], read: Callable[[Condition], float | None], shape: str
) -> str:
    known = [value for value in map(read, readings) if value is not None]
    if not known:
        return DASH
    low, high = shape.format(min(known)), shape.format(max(known))
    return low if low == high else f"{low} to {high}"


def _extreme(
    readings: Sequence[Condition],
    read: Callable[[Condition], float | None],
    choose: Callable[[list[float]], float],
    shape: str,
) -> str:
    known = [value for value in map(read, readings) if value is not None]
    return shape.format(choose(known)) if known else DASH


_GLANCE = {
    "ms a face, 1 thread": ("latency", "{name} int8, litert, 1 thread"),
    "ms a frame, mean": ("pipeline", "{name} int8, whole frame"),
    "s to first event": ("startup", "first event, {name}"),
    "MB resident": ("memory", "edge run, {name}"),
    "MB on disk": ("size", "model {name}.tflite"),
    "accuracy": ("accuracy", "{name} int8/accuracy"),
    "macro F1": ("accuracy", "{name} int8/F1"),
    "accuracy, noise 0.1": ("noise", "noise 0.1/{name} int8 accuracy"),
}


def _glance(report: Report) -> Section | None:
    """A line per model, of what people ask first; a frame's time is the clip's mean."""
    measured = {(s.name, m.name): m.typical for s in report.suites for m in s.measurements}
    columns = {
        column: [measured.get((suite, shape.format(name=model.name))) for model in report.models]
        for column, (suite, shape) in _GLANCE.items()
    }
    shown = {column: values for column, values in columns.items() if set(values) != {None}}
    if not shown:
        return None
    rows = tuple(
        (model.name, *(_or_dash(values[i]) for values in shown.values()))
        for i, model in enumerate(report.models)
    )
    return Section("At a glance", (Table(("model", *shown), rows),))


def _or_dash(value: float | None) -> str:
    return DASH if value is None else number(value)


def sections(report: Report) -> Iterator[Section]:
    """What follows from the suites together, for the end of a run in the terminal: projections
    only beside the measurements that they are about."""
    beside = any(result.name in ("latency", "search") for result in report.suites)
    for found in (papers.section(report), boards.section(report) if beside else None):
        if found is not None:
            yield found
