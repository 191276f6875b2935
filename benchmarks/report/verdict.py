"""The verdict on top of a report: what this machine does, network by network, in a sentence each.

Every figure is one of the tables below it; what was not measured is left out of the sentence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.measuring.timing import Measurement
from benchmarks.report.blocks import Bars, Block, Section, Series, Text
from benchmarks.report.tables import number
from benchmarks.results.results import Report

WHOLE, CAPTURE = "whole frame", "capture"


@dataclass(frozen=True, slots=True)
class FaceVerdict:
    """One face network on this machine; None where it was not measured.

    frames_s:      frames a second that the clip's frames could come at
    core_share:    of one core, at the clip's own rate
    memory_mb:     the highest resident set of `edge run`, 10^6 bytes
    first_event_s: from the start of the process
    """

    network: str
    frames_s: float | None = None
    core_share: float | None = None
    memory_mb: float | None = None
    first_event_s: float | None = None

    def sentence(self) -> str:
        parts = []
        if self.frames_s is not None:
            parts.append(f"up to {number(self.frames_s)} frames a second")
        if self.core_share is not None:
            parts.append(f"{self.core_share:.0%} of a core at the clip's own rate")
        if self.memory_mb is not None:
            parts.append(f"{number(self.memory_mb)} MB")
        if self.first_event_s is not None:
            parts.append(f"the first event after {self.first_event_s:.2f} s")
        return f"{self.network}: {', '.join(parts)}." if parts else ""


@dataclass(frozen=True, slots=True)
class FrameCost:
    """What a frame with so many faces takes, its capture included.

    wall_ms: on the clock; cpu_ms: of all cores together
    """

    wall_ms: float
    cpu_ms: float


def faces_of(report: Report) -> list[FaceVerdict]:
    """A verdict for each network that was measured on faces, in the report's order."""
    found = figures(report)
    verdicts = []
    for model in report.models:
        clip = [
            (name.rpartition("/")[0], m)
            for name, m in found.items()
            if name.startswith(f"{model.name} int8, ") and name.endswith("/frames/s")
        ]
        row = clip[0][0].removesuffix("/frames") if clip else ""
        verdict = FaceVerdict(
            model.name,
            clip[0][1].median if clip else None,
            _median(found.get(f"{row} live/CPU s per s of video")),
            _median(found.get(f"edge run, {model.name}")),
            _median(found.get(f"first event, {model.name}")),
        )
        if verdict.sentence():
            verdicts.append(verdict)
    return verdicts


def voice_sentence(report: Report) -> str:
    """How long a voice network takes for what is new in a window; "" where it was not measured."""
    found = figures(report)
    for model in report.models:
        row = f"{model.name} int8, "
        window = _median(found.get(f"{row}inference of a window"))
        features = _median(found.get(f"{row}CPU of a step's features, what is new"))
        if window is not None and features is not None:
            return f"{model.name} hears a window of sound in {window + features:.1f} ms."
    return ""


def frame_costs(report: Report) -> dict[int, FrameCost]:
    """By number of faces in a 960x720 frame: what the default network's whole path takes."""
    found = figures(report)
    capture = _capture_ms(found)
    costs = {}
    for name, measurement in found.items():
        count, _, rest = name.partition(" face")
        if not count.isdigit() or not rest.endswith(f"/{WHOLE}, ms"):
            continue
        cpu = found.get(name.replace(f"{WHOLE}, ms", "CPU, ms"))
        cpu_ms = cpu.median if cpu is not None else measurement.median
        costs[int(count)] = FrameCost(measurement.median + capture, cpu_ms + capture)
    return costs


def section(report: Report) -> Section | None:
    """None for a report that has no figure of a whole run."""
    texts = [Text(verdict.sentence()) for verdict in faces_of(report)]
    voice = voice_sentence(report)
    texts += [Text(voice)] if voice else []
    if not texts:
        return None
    blocks: list[Block] = [*texts, *_picture(report)]
    return Section("Verdict", tuple(blocks))


def figures(report: Report) -> dict[str, Measurement]:
    """Every measurement of the report by its name."""
    return {m.name: m for suite in report.suites for m in suite.measurements}


def _picture(report: Report) -> Iterator[Block]:
    costs = frame_costs(report)
    if costs:
        counts = sorted(costs)
        yield Bars(
            "A frame by the faces in it, 960x720, capture included",
            "ms",
            tuple(f"{count} face{'' if count == 1 else 's'}" for count in counts),
            (Series("whole frame", tuple(costs[count].wall_ms for count in counts)),),
        )


def _capture_ms(found: dict[str, Measurement]) -> float:
    taken = [m.mean for name, m in found.items() if name.endswith(f"int8, {CAPTURE}")]
    return min(taken, default=0.0)


def _median(measurement: Measurement | None) -> float | None:
    return measurement.median if measurement is not None else None
