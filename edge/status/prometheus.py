"""A report as Prometheus reads it (the text format, 0.0.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from edge.health.part import State
from edge.health.report import Report


def prometheus(report: Report) -> str:
    """Every figure of the report, each with what it means."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield from _metric(
        "edge_up", "gauge", "1 where every part runs.", {"": report.state == "running"}
    )
    yield from _metric("edge_uptime_seconds", "gauge", "Age of the run.", {"": report.uptime_s})
    yield from _metric("edge_frames_total", "counter", "Frames looked at.", {"": report.frames})
    yield from _metric(
        "edge_frames_dropped_total", "counter", "Frames that came too fast.", {"": report.dropped}
    )
    yield from _metric("edge_events_total", "counter", "Events.", {"": report.events})
    yield from _metric("edge_frames_per_second", "gauge", "Of the last minute.", {"": report.fps})
    stages = {_label(stage=name): ms / 1000 for name, ms in report.stage_ms.items()}
    yield from _metric(
        "edge_stage_seconds", "gauge", "Time a frame takes in a stage, of the last minute.", stages
    )
    if report.temperature_c is not None:
        yield from _metric(
            "edge_temperature_celsius", "gauge", "The board's.", {"": report.temperature_c}
        )
    throttled = bool(report.throttling)
    yield from _metric("edge_throttled", "gauge", "1: the firmware holds back.", {"": throttled})
    states, restarts, items = {}, {}, {}
    for part in report.parts:
        who = {"part": part.name, "kind": part.kind}
        for state in State:
            states[_label(**who, state=state)] = part.state is state
        restarts[_label(**who)] = part.restarts
        items[_label(**who)] = part.items
    yield from _metric("edge_part_state", "gauge", "1: the part is in this state.", states)
    yield from _metric(
        "edge_part_restarts_total", "counter", "The number of its restarts.", restarts
    )
    yield from _metric(
        "edge_part_items_total", "counter", "What it gave or took: frames, chunks, events.", items
    )


def _metric(name: str, kind: str, about: str, values: Mapping[str, float]) -> Iterator[str]:
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"
    for labels, value in values.items():
        yield f"{name}{labels} {float(value):.10g}"


def _label(**labels: str) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
