"""The pictures of each suite: one where people compare, by the names of its measurements."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from benchmarks.measuring.stages import OTHER, WHOLE
from benchmarks.measuring.timing import Measurement
from benchmarks.report.blocks import Bars, Figure, Lines, Series
from benchmarks.report.tables import grid
from benchmarks.results.results import ModelUsed, SuiteResult
from benchmarks.suites.latency.operators import REST

_SMALL_SHARE = 0.02
_GRAY = 6
_HUES = 6


def figures(result: SuiteResult, models: Sequence[ModelUsed]) -> Iterator[Figure]:
    """None for a suite that has no picture, or whose figures are missing."""
    draw = _DRAWN.get(result.name)
    if draw is not None:
        for figure in draw(result, [model.name for model in models]):
            if figure.series and any(v is not None for s in figure.series for v in s.values):
                yield figure


def _latency(result: SuiteResult, models: list[str]) -> Iterator[Figure]:
    """Groups: engine and threads; series: the models; whiskers to p95."""
    timed = {m.name: m for m in result.measurements if m.unit == "ms" and "/" not in m.name}
    cases = dict.fromkeys(name.partition(", ")[2] for name in timed)
    labels = dict.fromkeys(name.partition(", ")[0] for name in timed)
    series = []
    for label in labels:
        found = [timed.get(f"{label}, {case}") for case in cases]
        medians = tuple(m.median if m else None for m in found)
        series.append(Series(label, medians, _hue(label, models),
                             high=tuple(m.p95 if m else 0.0 for m in found)))  # fmt: skip
    yield Bars("Milliseconds a face: median, whisker to p95", "ms", tuple(cases), tuple(series))
    yield from _operators(grid(result.measurements))


def _operators(rows: Mapping[str, Mapping[str, float]]) -> Iterator[Bars]:
    """A bar a model, its kinds of operators end to end."""
    kinds: dict[str, dict[str, float]] = {}
    for row, columns in rows.items():
        label, colon, kind = row.partition(": ")
        if colon and "operators" in columns:
            kinds.setdefault(kind, {})[label] = columns["ms"]
    labels = list(dict.fromkeys(label for by_label in kinds.values() for label in by_label))
    if labels:
        yield _stacked("Milliseconds an inference by operator, 1 thread", kinds, labels)


def _pipeline(result: SuiteResult, models: list[str]) -> Iterator[Figure]:
    stages: dict[str, dict[str, float]] = {}
    for m in result.measurements:
        label, comma, stage = m.name.rpartition(", ")
        if comma and m.unit == "ms" and m.varied and stage != WHOLE:
            stages.setdefault(stage, {})[label] = m.mean
    labels = list(dict.fromkeys(label for by_label in stages.values() for label in by_label))
    if labels:
        yield _stacked("Milliseconds a frame by stage, means over the clip", stages, labels)
    rows = grid(result.measurements)
    yield from _scaling(rows, " px wide", "Growth with the frame's width", "width, px")
    yield from _scaling(rows, " face", "Growth with the faces in a 960x720 frame", "faces")


def _stacked(title: str, stages: Mapping[str, Mapping[str, float]], labels: list[str]) -> Bars:
    """The largest stages by name; the small ones together, in gray."""
    whole = {label: sum(s.get(label, 0.0) for s in stages.values()) for label in labels}
    shown = [
        stage
        for stage, by_label in stages.items()
        if stage not in (OTHER, REST)
        and any(by_label.get(n, 0) > _SMALL_SHARE * whole[n] for n in labels)
    ][:_HUES]
    series = [
        Series(stage, tuple(stages[stage].get(label, 0.0) for label in labels), hue)
        for hue, stage in enumerate(shown)
    ]
    rest = tuple(
        sum(by_label.get(label, 0.0) for stage, by_label in stages.items() if stage not in shown)
        for label in labels
    )
    series.append(Series(REST, rest, _GRAY))
    return Bars(title, "ms", tuple(labels), tuple(series), stacked=True)


def _scaling(
    rows: Mapping[str, Mapping[str, float]], unit: str, title: str, axis: str
) -> Iterator[Figure]:
    found = {
        float(name.split()[0]): columns
        for name, columns in rows.items()
        if unit in name and name.split()[0].isdigit() and "whole frame, ms" in columns
    }
    if len(found) < 2:
        return
    x = tuple(sorted(found))
    series = tuple(
        Series(stage, tuple(found[at].get(f"{stage}, ms") for at in x), hue)
        for stage, hue in (("whole frame", _GRAY), ("search", 0), ("inference", 1))
    )
    yield Lines(f"{title}: milliseconds a frame", axis, "ms", x, series)


def _search(result: SuiteResult, models: list[str]) -> Iterator[Figure]:
    rows = {n: c for n, c in grid(result.measurements).items() if "naive ms" in c}
    series = (
        Series("naive: the whole picture, every frame", _column(rows, "naive ms"), _GRAY),
        Series("ours", _column(rows, "ours ms"), 0),
    )
    if rows:
        yield Bars("Face search, CPU milliseconds a frame", "ms", tuple(rows), series)


def _voice(result: SuiteResult, models: list[str]) -> Iterator[Figure]:
    timed = [m for m in result.measurements if len(m.values) > 1]
    yield from _listed("Parts of the voice path, medians", "ms", timed)
    yield from _operators(grid(result.measurements))


def _memory(result: SuiteResult, models: list[str]) -> Iterator[Figure]:
    resident = [m for m in result.measurements if not m.name.startswith("arena")]
    yield from _listed("Resident memory", "MB", resident)


def _startup(result: SuiteResult, models: list[str]) -> Iterator[Figure]:
    first = [m for m in result.measurements if m.unit == "s"]
    yield from _listed("Process start to first event", "s", first)
    imports = [m for m in result.measurements if m.name.startswith("import ")]
    yield from _listed("Imports on the way there, self time", "ms", imports)


def _size(result: SuiteResult, models: list[str]) -> Iterator[Figure]:
    yield from _listed("Size on disk", "MB", result.measurements)


def _accuracy(result: SuiteResult, models: list[str]) -> Iterator[Figure]:
    rows = grid(result.measurements)
    # Faces and voices have classes of their own: a figure for the models of the same ones.
    alike: dict[tuple[str, ...], list[str]] = {}
    for label in (row for row, columns in rows.items() if "accuracy" in columns):
        classes = tuple(
            row.removeprefix(f"{label} ") for row, columns in rows.items()
            if row.startswith(f"{label} ") and "recall" in columns
        )  # fmt: skip
        alike.setdefault(classes, []).append(label)
    for metric in ("F1", "recall"):
        for classes, labels in alike.items():
            series = tuple(
                Series(label, tuple(rows[f"{label} {name}"][metric] for name in classes),
                       _hue(label, models))
                for label in labels
            )  # fmt: skip
            yield Bars(f"{metric[0].upper()}{metric[1:]} by class", "", classes, series)


def _noise(result: SuiteResult, models: list[str]) -> Iterator[Figure]:
    rows = grid(result.measurements)
    levels = {float(n.split()[1]): c for n, c in rows.items() if n.startswith("noise ")}
    labels = list(dict.fromkeys(
        column.removesuffix(" accuracy")
        for columns in rows.values() for column in columns if column.endswith(" accuracy")
    ))  # fmt: skip
    x = tuple(sorted(levels))
    for metric in ("accuracy", "F1") if len(x) > 1 else ():
        series = tuple(
            Series(label, tuple(levels[at].get(f"{label} {metric}") for at in x),
                   _hue(label, models))
            for label in labels
        )  # fmt: skip
        yield Lines(f"{metric[0].upper()}{metric[1:]} under Gaussian noise", "noise level", metric,
                    x, series, top=0.8)  # fmt: skip
    yield from _voices_in_noise(rows)
    others = {n: c for n, c in rows.items() if f"{labels[0]} accuracy" in c} if labels else {}
    others = {n: c for n, c in others.items() if not n.startswith("noise ")}
    series = tuple(
        Series(label, _column(others, f"{label} accuracy"), _hue(label, models)) for label in labels
    )
    if others:
        yield Bars("Accuracy under what else befalls a face", "", tuple(others), series)


def _voices_in_noise(rows: Mapping[str, Mapping[str, float]]) -> Iterator[Figure]:
    """A line a kind of noise, from the loudest to the faintest, a figure a model."""
    by_model: dict[str, dict[str, Mapping[str, float]]] = {}
    for row, columns in rows.items():
        model, uar, noise = row.partition(" UAR, ")
        if uar:
            by_model.setdefault(model, {})[noise] = columns
    for model, noises in by_model.items():
        levels = sorted(float(c.split()[0]) for c in next(iter(noises.values())) if c != "quiet")
        series = tuple(
            Series(noise, tuple(columns.get(f"{level:g} dB") for level in levels), hue)
            for hue, (noise, columns) in enumerate(list(noises.items())[: _GRAY + 1])
        )
        title = f"UAR of {model} in real noise"
        yield Lines(title, "SNR, dB", "UAR", tuple(levels), series, top=0.8)


def _peers(result: SuiteResult, models: list[str]) -> Iterator[Figure]:
    """A group a clip, a bar a peer."""
    rows = {n: c["ms a frame"] for n, c in grid(result.measurements).items() if "ms a frame" in c}
    peers = list(dict.fromkeys(row.partition(", ")[0] for row in rows))
    clips = list(dict.fromkeys(row.partition(", ")[2] for row in rows))
    series = tuple(
        Series(peer, tuple(rows.get(f"{peer}, {clip}") for clip in clips), hue)
        for hue, peer in enumerate(peers[:_HUES])
    )
    if rows:
        yield Bars("Milliseconds a frame, means", "ms", tuple(clips), series)


def _peers_accuracy(result: SuiteResult, models: list[str]) -> Iterator[Figure]:
    rows = {n: c for n, c in grid(result.measurements).items() if n.endswith(", accuracy")}
    conditions = list(dict.fromkeys(name for columns in rows.values() for name in columns))
    series = tuple(
        Series(row.partition(", ")[0], tuple(columns.get(c) for c in conditions), hue)
        for hue, (row, columns) in enumerate(list(rows.items())[:_HUES])
    )
    if rows:
        yield Bars("Accuracy, clean and under noise", "", tuple(conditions), series)


def _preprocessing(result: SuiteResult, models: list[str]) -> Iterator[Figure]:
    rows = grid(result.measurements)
    columns = list(dict.fromkeys(column for by_column in rows.values() for column in by_column))
    series = tuple(Series(name, _column(rows, name), hue) for hue, name in enumerate(columns[:6]))
    if rows:
        yield Bars("Accuracy by switch and condition", "", tuple(rows), series)


def _listed(title: str, unit: str, measurements: Sequence[Measurement]) -> Iterator[Figure]:
    chosen = [m for m in measurements if m.unit == unit]
    if chosen:
        values = tuple(m.median for m in chosen)
        yield Bars(title, unit, tuple(m.name for m in chosen), (Series(unit, values),))


def _column(rows: Mapping[str, Mapping[str, float]], name: str) -> tuple[float | None, ...]:
    return tuple(columns.get(name) for columns in rows.values())


def _hue(label: str, models: list[str]) -> int:
    """One model, one colour, through the whole report; a float twin keeps its own."""
    names = [name for name in models if label.split()[0] == name]
    return models.index(names[0]) % _HUES if names else _GRAY


_DRAWN: dict[str, Callable[[SuiteResult, list[str]], Iterator[Figure]]] = {
    "latency": _latency,
    "pipeline": _pipeline,
    "search": _search,
    "voice": _voice,
    "memory": _memory,
    "startup": _startup,
    "size": _size,
    "accuracy": _accuracy,
    "noise": _noise,
    "preprocessing": _preprocessing,
    "peers": _peers,
    "peers, accuracy": _peers_accuracy,
}
