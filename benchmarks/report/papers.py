"""Tables 1 to 5 and the seven figures of the CNN/CNN-LSTM paper, with our figures beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.report.blocks import Bars, Block, Lines, Note, Origin, Section, Series, Table, Text
from benchmarks.report.data import published
from benchmarks.results.results import Report

NETWORKS = {"cnn": "CNN", "cnn_lstm": "CNN-LSTM"}
"""Ours, by name, and what the paper calls them."""
TITLE = "The paper's tables, with ours"

_GROUPED = {"simple": "simple", "complex": "complex"}
_METRICS = {"accuracy": "acc.", "F1": "F1"}


@dataclass(frozen=True, slots=True)
class Compared:
    """One of the paper's tables. rows: what is compared; values: by (network, origin), in order
    of the rows, None where ours was not measured"""

    number: int
    title: str
    rows: tuple[str, ...]
    values: dict[tuple[str, Origin], tuple[float | None, ...]]

    def table(self) -> Table:
        columns = list(self.values)
        body = tuple(
            (row, *(_shown(self.values[column][i], column[1]) for column in columns))
            for i, row in enumerate(self.rows)
        )
        header = ("", *(f"{NETWORKS[network]}, {origin}" for network, origin in columns))
        origins: tuple[Origin, ...] = ("", *(origin for _, origin in columns))
        return Table(header, body, f"Table {self.number}. {self.title}", origins=origins)

    def series(self, rows: Sequence[int] | None = None, scale: float = 1.0) -> tuple[Series, ...]:
        """One a column, of these rows or of all."""
        chosen = range(len(self.rows)) if rows is None else rows
        return tuple(
            Series(
                f"{NETWORKS[network]}, {origin}",
                tuple(_times(values[i], scale) for i in chosen),
                list(NETWORKS).index(network),
                origin,
            )
            for (network, origin), values in self.values.items()
        )


def compared(report: Report) -> list[Compared]:
    """The paper's tables that this run has a figure of its own for."""
    measured = {
        (suite.name, m.name): m.median for suite in report.suites for m in suite.measurements
    }
    found = []
    for table in published("papers")["table"]:
        values: dict[tuple[str, Origin], tuple[float | None, ...]] = {}
        for network in NETWORKS:
            keys = [_keys(table["number"], row, network) for row in table["rows"]]
            ours = [next((measured[key] for key in some if key in measured), None) for some in keys]
            values[network, "paper"] = tuple(map(float, table[network]))
            values[network, "ours"] = tuple(ours)
        if any(v is not None for n in NETWORKS for v in values[n, "ours"]):
            whole = Compared(table["number"], table["title"], tuple(table["rows"]), values)
            found.append(_with_parameters(whole, report) if whole.number == 2 else whole)
    return found


def section(report: Report) -> Section | None:
    """Side by side, or None where the run has none of these figures for the two networks."""
    tables = compared(report)
    if not tables:
        return None
    paper = published("papers")["paper"]
    blocks: list[Block] = [
        Text(f"“paper”: {paper['source']}. {paper['protocol']}."),
        Text(f"“ours”: this run, {_models(report)}; the ms are this machine's, int8, one thread."),
    ]
    for table in tables:
        blocks += [table.table(), *figures(table)]
    for suite in report.suites:
        if suite.name in ("accuracy", "noise"):
            blocks += [Note(f"{suite.name}: {remark.text}") for remark in suite.remarks]
    return Section(TITLE, tuple(blocks))


def figures(table: Compared) -> Iterator[Bars | Lines]:
    """The paper's seven figures, by the table that they show."""
    if table.number == 1:
        yield Bars("Accuracy, F1, precision and recall", "", table.rows, table.series())
    elif table.number == 2:
        yield Bars("Milliseconds an image (each on its own machine)", "ms", ("ms",),
                   table.series([0]))  # fmt: skip
        yield Bars("Parameters", "million", ("parameters",), table.series([1], 1e-6))
    elif table.number in (3, 4):
        levels = tuple(float(row.split()[0]) for row in table.rows)
        what = "accuracy" if table.number == 3 else "F1"
        title = f"{what[0].upper()}{what[1:]} against noise"
        yield Lines(title, "noise level, %", what, levels, table.series(), top=0.8)
    elif table.number == 5:
        for place, group in enumerate(_GROUPED):
            rows = [2 * place, 2 * place + 1]
            title = f"{group.capitalize()} emotions: {_classes(group)}"
            yield Bars(title, "", tuple(_METRICS), table.series(rows))


def _keys(table: int, row: str, network: str) -> list[tuple[str, str]]:
    """(suite, measurement) of our figure, the first that is there."""
    labels = [f"{network} int8", f"{network} float32"]
    if table == 2:
        engines = ("litert", "tflite-runtime")
        names = [f"{label}, {engine}, 1 thread" for label in labels for engine in engines]
        return [("latency", name) for name in names] if row == "ms an image" else []
    if table in (3, 4):
        level = round(float(row.split()[0]) / 100, 6)
        metric = "accuracy" if table == 3 else "F1"
        return [("noise", f"noise {level:g}/{label} {metric}") for label in labels]
    if table == 5:
        group, metric = row.split(", ")
        row = f"{_GROUPED[group]} {_METRICS[metric]}"
    return [("accuracy", f"{label}/{row}") for label in labels]


def _with_parameters(table: Compared, report: Report) -> Compared:
    counts = {model.name: float(model.parameters) for model in report.models}
    values = dict(table.values)
    for network in NETWORKS:
        values[network, "ours"] = (*values[network, "ours"][:-1], counts.get(network))
    return Compared(table.number, table.title, table.rows, values)


def _models(report: Report) -> str:
    used = [m for m in report.models if m.name in NETWORKS]
    return ", ".join(f"{m.name} (sha256 {m.sha256[:12]}…)" for m in used) or "models unnamed"


def _classes(group: str) -> str:
    return ", ".join(published("papers")["paper"][group])


def _shown(value: float | None, origin: Origin) -> str:
    """The paper's as printed there; ours with one digit more, where it is a share."""
    if value is None:
        return "–"
    if value >= 10_000:
        return f"{value:,.0f}"
    return f"{value:.3f}" if origin == "ours" and value < 1 else f"{value:.2f}"


def _times(value: float | None, scale: float) -> float | None:
    return None if value is None else value * scale
