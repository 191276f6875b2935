"""One run: opens the parts that the settings name, drives moments through them, closes all."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import SourceError, UsageError
from edge.health.report import Health
from edge.pipeline.face import Scene
from edge.pipeline.speech import Hearing
from edge.run.clock import WallClock
from edge.run.inputs import Ears, Eyes, check_one_time, open_ears, open_eyes, open_fusion
from edge.run.live_readers import LatestFrames, LiveHearings
from edge.run.summary import RunSummary
from edge.run.timeline import Moment, in_order
from edge.run.watchdog import Vitals
from edge.types import EmotionEvent

if TYPE_CHECKING:
    from edge.pipeline.annotate import AnnotatedVideo
    from edge.pipeline.face import FacePipeline
    from edge.pipeline.fusion import Fusion
    from edge.settings.sections import Settings
    from edge.sinks import Sink


def run(
    settings: Settings,
    sinks: list[Sink],
    *,
    annotate: Path | None = None,
    max_frames: int | None = None,
    max_seconds: float | None = None,
    summary: RunSummary | None = None,
    vitals: Vitals | None = None,
    supervise: bool = False,
) -> RunSummary:
    """Run until the sources end, a limit is reached, or SIGTERM comes.

    `sinks` are written to and flushed here, and closed by whoever opened them; `annotate` is
    where the frames are to be stored with their boxes, if a person asked for that. `summary` is
    filled as the run goes, so that an interrupted caller still has it. `vitals` is told that the
    work gets on, and may end it, with other settings to go on with. `supervise`: live sources are
    waited for and begun anew for ever.
    Raises SourceError where a source broke rather than ended, UsageError where there is neither
    a camera nor a microphone, or where the two have no common time.
    """
    summary = summary if summary is not None else RunSummary()
    vitals = vitals if vitals is not None else Vitals(Health())
    with ExitStack() as stack:
        health = vitals.health if supervise else None
        eyes, ears = open_eyes(settings, stack, health), open_ears(settings, stack, health)
        if eyes is None and ears is None:
            raise UsageError("there is neither a camera nor a microphone: give --camera or --mic")
        video = None
        if eyes is not None:
            summary.source, summary.model = eyes.source.name, eyes.card.name
            if annotate is not None:
                from edge.pipeline.annotate import AnnotatedVideo

                fps = eyes.source.fps or settings.camera.fps
                video = stack.enter_context(AnnotatedVideo(annotate, fps))
        started_at = datetime.now(UTC)
        fusion = None
        if ears is not None:
            summary.sound = ears.source.name
            summary.model = summary.model or ears.card.name
            if eyes is not None:
                check_one_time(eyes, ears)
                fusion = open_fusion(settings, eyes, ears, started_at, stack)
        stop = stack.enter_context(_sigterm_as_event())
        stack.enter_context(vitals.hearing_hangups())
        limits = _Limits(stop, max_frames, max_seconds)
        _Run(settings, eyes, ears, fusion, sinks, video, limits, summary, vitals).drive(started_at)
    return summary


class _Run:
    """Takes each moment to where it belongs: the summary, the fusion, the sinks, the video."""

    def __init__(
        self,
        settings: Settings,
        eyes: Eyes | None,
        ears: Ears | None,
        fusion: Fusion | None,
        sinks: list[Sink],
        video: AnnotatedVideo | None,
        limits: _Limits,
        summary: RunSummary,
        vitals: Vitals,
    ) -> None:
        self._settings = settings
        self._eyes, self._ears, self._fusion = eyes, ears, fusion
        self._sinks, self._video = sinks, video
        self._limits, self._summary = limits, summary
        self._vitals = vitals
        self._clock: WallClock | None = None
        self._dropped: Callable[[], int] = int

    def drive(self, started_at: datetime) -> None:
        summary, limits = self._summary, self._limits
        sources = [sense.source for sense in (self._eyes, self._ears) if sense is not None]
        if any(source.live for source in sources):
            self._clock = WallClock(started_at)
        started = time.monotonic()
        try:
            with ExitStack() as stack:
                for moment in limits.applied_to(self._moments(started_at, stack)):
                    self._take(moment)
                    self._get_on()
            broken = [source for source in sources if source.failed]
            reasons = dict.fromkeys(source.ended for source in sources if source.ended)
            summary.ended = limits.reached or "; ".join(reasons) or "end of the source"
            if broken and not limits.reached:
                raise SourceError(f"{broken[0].name}: {broken[0].ended}")
        finally:
            summary.seconds = time.monotonic() - started
            if self._ears is not None:
                health = self._ears.source.health
                summary.heard_s, summary.notes = health.seconds, health.notes()

    def _moments(self, started_at: datetime, stack: ExitStack) -> Iterator[Moment]:
        """Both senses on one timeline; what runs in threads ends with `stack`."""
        eyes, ears, stop = self._eyes, self._ears, self._limits.stop
        listening = None
        if ears is None:
            hearings: Iterable[Hearing] = ()
        else:
            pipeline = ears.pipeline(self._settings, started_at)
            hearings = pipeline.hearings(ears.source)
            if ears.source.live:
                hearings = listening = LiveHearings(ears.source, pipeline, stop, self._get_on)
                stack.callback(listening.close)
                listening.start()
        if eyes is None:
            return iter(hearings)
        if eyes.source.live:
            return self._live(eyes, listening, started_at, stack)
        return in_order(self._sight(eyes, started_at).scenes(eyes.source), hearings)

    def _sight(self, eyes: Eyes, started_at: datetime) -> FacePipeline:
        pipeline = eyes.pipeline(self._settings, started_at)
        self._vitals.health.watch_stages(lambda: pipeline.times.seconds)
        return pipeline

    def _live(
        self, eyes: Eyes, listening: LiveHearings | None, started_at: datetime, stack: ExitStack
    ) -> Iterator[Moment]:
        """What is seen, and between two frames what was heard meanwhile."""

        def idle() -> None:
            for hearing in listening.take() if listening is not None else ():
                self._take(hearing)
            self._get_on()

        frames = LatestFrames(eyes.source, self._limits.stop, on_idle=idle)
        stack.callback(self._close_frames, frames)
        self._dropped = lambda: frames.dropped
        for scene in self._sight(eyes, started_at).scenes(frames):
            if listening is not None:
                yield from listening.take()
                if listening.done and self._ears is not None and self._ears.source.failed:
                    return
            yield scene

    def _close_frames(self, frames: LatestFrames) -> None:
        self._summary.dropped = frames.dropped
        frames.close()

    def _take(self, moment: Moment) -> None:
        events = moment.events
        if isinstance(moment, Scene):
            self._see(moment)
        else:
            events += self._hear(moment)
        if self._clock is not None:
            events = tuple([replace(one, time=self._clock.righted(one.time)) for one in events])
        self._summary.count(events)
        for event in events:
            self._vitals.health.event(event)
            for sink in self._sinks:
                sink.write(event)

    def _see(self, scene: Scene) -> None:
        self._summary.frames += 1
        self._vitals.health.frame(self._dropped())
        if self._fusion is not None:
            self._fusion.see(scene)
        if self._video is not None:
            self._video.show(scene)

    def _hear(self, hearing: Hearing) -> tuple[EmotionEvent, ...]:
        """What is to be said of both senses."""
        self._summary.windows += 1
        self._summary.voiced += hearing.state is not None
        fused = self._fusion.hear(hearing) if self._fusion is not None else None
        return (fused,) if fused is not None else ()

    def _get_on(self) -> None:
        """What is due after each moment, and now and then while none comes."""
        for sink in self._sinks:
            sink.flush()
        if self._clock is not None:
            self._clock.check()
        if self._vitals.tick(self._settings):
            self._limits.stop.set()


@dataclass(slots=True)
class _Limits:
    """What may end a run before its sources do; `reached` says which one did."""

    stop: threading.Event
    max_frames: int | None
    max_seconds: float | None
    reached: str = ""

    def applied_to(self, moments: Iterable[Moment]) -> Iterator[Moment]:
        started = time.monotonic()
        frames = 0
        for moment in moments:
            yield moment
            frames += isinstance(moment, Scene)
            if self.stop.is_set():
                self.reached = "asked to stop"
            elif self.max_frames is not None and frames >= self.max_frames:
                self.reached = f"{frames} frames, as asked"
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
