"""How a run is: the state of each part, what it has done, and whether it gets on.

Each part is updated by the thread that drives it; anybody may ask for a report, from any thread.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from edge.health.board import flags, temperature_c, throttled_bits
from edge.health.part import Clock, Part, PartReport, State
from edge.system.redaction import redact
from edge.types import EmotionEvent

WINDOW_S = 60.0
"""Rates are those of the last minute."""


@dataclass(frozen=True, slots=True)
class Report:
    """A moment's health; rates and stages are those of the last minute.

    uptime_s:      of the run
    fps:           frames a second that went through the pipeline
    stage_ms:      stage → milliseconds a frame
    frames:        so far; `dropped` came too fast
    events:        so far
    temperature_c: None where the board does not say
    throttling:    what the firmware holds back
    reload_error:  why the settings that were read again are not those of the run; "" if they are
    last_event:    when, modality and label; None before the first
    """

    time: datetime
    uptime_s: float
    parts: tuple[PartReport, ...]
    fps: float
    stage_ms: dict[str, float]
    frames: int
    dropped: int
    events: int
    last_event: dict[str, str] | None
    temperature_c: float | None
    throttling: tuple[str, ...]
    reload_error: str = ""

    @property
    def state(self) -> State:
        """The worst of the parts'; where none is watched, running once something went through."""
        alone = State.RUNNING if self.frames or self.events else State.STARTING
        order = (State.FAILED, State.STALLED, State.WAITING, State.STARTING, State.RUNNING)
        return min((p.state for p in self.parts), key=order.index, default=alone)

    @property
    def restarts(self) -> int:
        return sum(part.restarts for part in self.parts)

    def sentence(self) -> str:
        """One line: what a person reads first."""
        troubles = [
            f"{part.name} {part.state}" + (f" ({part.last_error})" if part.last_error else "")
            for part in self.parts
            if part.state is not State.RUNNING
        ]
        if self.reload_error:
            troubles.append(f"the settings stay as they were: {self.reload_error}")
        done = f"{self.fps:.1f} frames a second, {self.events} events"
        return "; ".join([*troubles, done]) if troubles else f"running: {done}"

    def as_dict(self) -> dict[str, Any]:
        """In JSON's types."""
        values = asdict(self)
        values["time"] = self.time.isoformat(timespec="seconds")
        return {"state": self.state, "restarts": self.restarts} | values


@dataclass(frozen=True, slots=True)
class _Sample:
    time_s: float
    frames: int
    stages_s: Mapping[str, float]


class Health:
    """The whole run's: its parts, and what went through."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._began_s = clock()
        self._parts: dict[str, Part] = {}
        self._earlier: dict[str, Part] = {}
        self._frames = self._events = self._dropped = 0
        self._last_event: EmotionEvent | None = None
        self._tells_moments = True
        self._reload_error = ""
        self._stages: Callable[[], Mapping[str, float]] = dict
        self._samples: deque[_Sample] = deque([_Sample(self._began_s, 0, {})])

    def part(self, name: str, kind: str = "source") -> Part:
        """The part of that name, made when it is first asked for."""
        with self._lock:
            part = self._earlier.pop(name, Part(name, kind, self._clock))
            return self._parts.setdefault(name, part)

    def opening(self) -> None:
        """All parts are opened anew: one that nobody asks for again is no longer told of."""
        with self._lock:
            self._earlier, self._parts = self._parts, {}

    def watch_stages(self, seconds: Callable[[], Mapping[str, float]]) -> None:
        """seconds: gives each stage's time so far, as `StageTimer.seconds` does."""
        with self._lock:
            self._stages = seconds
            self._samples = deque([_Sample(self._clock(), self._frames, dict(seconds()))])

    def frame(self, dropped: int = 0) -> None:
        """One more frame is through; `dropped`: how many were not, so far."""
        with self._lock:
            self._frames += 1
            self._dropped = dropped
            now_s = self._clock()
            if now_s - self._samples[-1].time_s >= 1.0:
                self._samples.append(_Sample(now_s, self._frames, dict(self._stages())))
                while len(self._samples) > 2 and now_s - self._samples[1].time_s > WINDOW_S:
                    self._samples.popleft()

    def event(self, event: EmotionEvent) -> None:
        with self._lock:
            self._events += 1
            self._last_event = event if self._tells_moments else None

    def tell_moments(self, wanted: bool) -> None:
        """Whether a report may say what was seen when; not where only counts are kept."""
        with self._lock:
            self._tells_moments = wanted
            if not wanted:
                self._last_event = None

    def reloaded(self, error: str = "") -> None:
        """The settings were read again; `error`: why the run goes on with those from before."""
        with self._lock:
            self._reload_error = redact(" ".join(error.split()))

    def stuck(self, limit_s: float) -> list[str]:
        """The sources whose driver has been silent for longer than that; a sink may be idle."""
        with self._lock:
            sources = [part for part in self._parts.values() if part.kind == "source"]
        return [part.name for part in sources if part.silence_s > limit_s]

    def report(self) -> Report:
        with self._lock:
            parts = list(self._parts.values())
            fps, stage_ms = self._rates()
            last = self._last_event
            frames, dropped, events = self._frames, self._dropped, self._events
        return Report(
            time=datetime.now(UTC),
            uptime_s=round(self._clock() - self._began_s, 1),
            parts=tuple(part.report() for part in parts),
            fps=fps,
            stage_ms=stage_ms,
            frames=frames,
            dropped=dropped,
            events=events,
            last_event=_brief(last) if last is not None else None,
            temperature_c=temperature_c(),
            throttling=flags(throttled_bits()),
            reload_error=self._reload_error,
        )

    def _rates(self) -> tuple[float, dict[str, float]]:
        first, now_s = self._samples[0], self._clock()
        frames, span_s = self._frames - first.frames, now_s - first.time_s
        if not frames or span_s <= 0 or now_s - self._samples[-1].time_s > WINDOW_S:
            return 0.0, {}
        spent = {
            stage: seconds - first.stages_s.get(stage, 0.0)
            for stage, seconds in self._stages().items()
        }
        stage_ms = {stage: round(1000 * seconds / frames, 3) for stage, seconds in spent.items()}
        return round(frames / span_s, 2), stage_ms


def _brief(event: EmotionEvent) -> dict[str, str]:
    """No track and no scores: a status page is read by more people than the log."""
    return {
        "time": event.time.isoformat(timespec="seconds"),
        "modality": event.modality,
        "label": event.label,
    }
