"""One run: opens the parts that the settings name, drives frames through them, closes all."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from edge.capture import LatestFrames
from edge.errors import SourceError
from edge.types import EmotionEvent, Frame

if TYPE_CHECKING:
    from edge.pipeline import FacePipeline, Scene
    from edge.settings import Settings
    from edge.sinks import Sink
    from edge.sinks.annotated import AnnotatedVideo
    from edge.sources import Source


@dataclass(slots=True)
class RunSummary:
    """What a run did. `frames` were processed, `dropped` came too fast for the pipeline."""

    source: str = ""
    model: str = ""
    frames: int = 0
    dropped: int = 0
    seconds: float = 0.0
    ended: str = ""
    tracks: set[int] = field(default_factory=set)
    labels: Counter[str] = field(default_factory=Counter)

    @property
    def events(self) -> int:
        return self.labels.total()

    @property
    def frames_per_second(self) -> float:
        return self.frames / self.seconds if self.seconds else 0.0

    def count(self, scene: Scene) -> None:
        self.frames += 1
        for event in scene.events:
            self.tracks.add(event.track_id)
            self.labels[event.label] += 1


def run(
    settings: Settings,
    sinks: list[Sink],
    *,
    annotate: Path | None = None,
    max_frames: int | None = None,
    max_seconds: float | None = None,
    summary: RunSummary | None = None,
) -> RunSummary:
    """Run until the source ends, a limit is reached, or SIGTERM comes.

    `sinks` are written to and flushed here, and closed by whoever opened them; `annotate` is
    where the frames are to be stored with their boxes, if a person asked for that. `summary` is
    filled as the run goes, so that an interrupted caller still has it.
    Raises SourceError where the source broke rather than ended.
    """
    from edge.inference import Classifier
    from edge.models import find
    from edge.pipeline import build_face_pipeline
    from edge.sources import open_source

    summary = summary if summary is not None else RunSummary()
    with ExitStack() as stack:
        model = find(settings.model.name)
        classifier = stack.enter_context(
            Classifier(model, threads=settings.model.threads, engine=settings.model.engine)
        )
        source = stack.enter_context(open_source(settings.camera.source, settings=settings.camera))
        summary.source, summary.model = source.name, model.card.name
        pipeline = build_face_pipeline(
            settings,
            classifier,
            started_at=datetime.now(UTC),
            model_name=model.card.name,
            stills=source.stills,
            live=source.live,
        )
        video = None
        if annotate is not None:
            from edge.sinks.annotated import AnnotatedVideo

            fps = source.fps or settings.camera.fps
            video = stack.enter_context(AnnotatedVideo(annotate, fps))
        stop = stack.enter_context(_sigterm_as_event())
        limits = _Limits(stop, max_frames, max_seconds)
        _drive(source, pipeline, sinks, video, limits, summary)
    return summary


def _drive(
    source: Source,
    pipeline: FacePipeline,
    sinks: list[Sink],
    video: AnnotatedVideo | None,
    limits: _Limits,
    summary: RunSummary,
) -> None:
    def flush() -> None:
        for sink in sinks:
            sink.flush()

    queue = LatestFrames(source, limits.stop, on_idle=flush) if source.live else None
    frames: Iterable[Frame] = queue if queue is not None else source
    started = time.monotonic()
    try:
        for scene in pipeline.scenes(limits.applied_to(frames)):
            summary.count(scene)
            _write(scene.events, sinks)
            flush()
            if video is not None:
                video.show(scene)
        summary.ended = limits.reached or source.ended or "end of the source"
        if source.failed and not limits.reached:
            raise SourceError(f"{source.name}: {source.ended}")
    finally:
        summary.seconds = time.monotonic() - started
        if queue is not None:
            summary.dropped = queue.dropped
            queue.close()


def _write(events: Iterable[EmotionEvent], sinks: list[Sink]) -> None:
    for event in events:
        for sink in sinks:
            sink.write(event)


@dataclass(slots=True)
class _Limits:
    """What may end a run before its source does; `reached` says which one did."""

    stop: threading.Event
    max_frames: int | None
    max_seconds: float | None
    reached: str = ""

    def applied_to(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        started = time.monotonic()
        for count, frame in enumerate(frames, start=1):
            yield frame
            if self.stop.is_set():
                self.reached = "asked to stop"
            elif self.max_frames is not None and count >= self.max_frames:
                self.reached = f"{count} frames, as asked"
            elif self.max_seconds is not None and time.monotonic() - started >= self.max_seconds:
                self.reached = f"{self.max_seconds:g} s, as asked"
            if self.reached:
                return


@contextmanager
def _sigterm_as_event() -> Iterator[threading.Event]:
    """A service manager's "stop" ends the run as cleanly as the end of a file."""
    stop = threading.Event()
    try:
        before = signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    except ValueError:  # not the main thread: whoever runs us there handles its own signals
        yield stop
        return
    try:
        yield stop
    finally:
        signal.signal(signal.SIGTERM, before)
