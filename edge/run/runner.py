"""One run: opens the parts that the settings name, drives moments through them, closes all."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from edge.errors import SourceError, UsageError
from edge.health.report import Health
from edge.pipeline.face import FrameResult
from edge.pipeline.speech import SpeechResult
from edge.run.clock import WallClock
from edge.run.inputs import (
    AudioInput,
    VideoInput,
    check_one_time,
    open_audio,
    open_fusion,
    open_video,
)
from edge.run.live_readers import LatestFrames, LiveSpeechResults
from edge.run.summary import RunSummary
from edge.run.timeline import PipelineResult, in_order
from edge.run.watchdog import Watchdog
from edge.types import EmotionEvent

if TYPE_CHECKING:
    from edge.annotate import Annotation
    from edge.pipeline.face import FacePipeline
    from edge.pipeline.fusion import Fusion
    from edge.settings.sections import Settings
    from edge.sinks import Sink


def run(
    settings: Settings,
    sinks: list[Sink],
    *,
    annotation: Annotation | None = None,
    max_frames: int | None = None,
    max_seconds: float | None = None,
    summary: RunSummary | None = None,
    watchdog: Watchdog | None = None,
    supervise: bool = False,
) -> RunSummary:
    """Run until the sources end, a limit is reached, or SIGTERM comes.

    `sinks` are written to and flushed here, and closed by whoever opened them; `annotation`
    stores the frames with their boxes, if a person asked for that. `summary` is
    filled as the run goes, so that an interrupted caller still has it. `watchdog` is told that the
    work gets on, and may end it, with other settings to go on with. `supervise`: live sources are
    waited for and begun anew for ever.
    Raises SourceError where a source broke rather than ended, UsageError where there is neither
    a camera nor a microphone, or where the two have no common time.
    """
    summary = summary if summary is not None else RunSummary()
    watchdog = watchdog if watchdog is not None else Watchdog(Health())
    with ExitStack() as stack:
        health = watchdog.health if supervise else None
        video_input, audio_input = (
            open_video(settings, stack, health),
            open_audio(settings, stack, health),
        )
        if video_input is None and audio_input is None:
            raise UsageError("there is neither a camera nor a microphone: give --camera or --mic")
        if video_input is not None:
            summary.source, summary.model = video_input.source.name, video_input.card.name
            if annotation is not None:
                annotation.begin(video_input.source.fps or settings.camera.fps)
        started_at = datetime.now(UTC)
        fusion = None
        if audio_input is not None:
            summary.sound = audio_input.source.name
            summary.model = summary.model or audio_input.card.name
            if video_input is not None:
                check_one_time(video_input, audio_input)
                fusion = open_fusion(settings, video_input, audio_input, started_at, stack)
        stop = stack.enter_context(_sigterm_as_event())
        stack.enter_context(watchdog.handle_sighup())
        limits = _Limits(stop, max_frames, max_seconds)
        _Run(
            settings, video_input, audio_input, fusion, sinks, annotation, limits, summary, watchdog
        ).drive(started_at)
    return summary


class _Run:
    """Takes each moment to where it belongs: the summary, the fusion, the sinks, the video."""

    def __init__(
        self,
        settings: Settings,
        video_input: VideoInput | None,
        audio_input: AudioInput | None,
        fusion: Fusion | None,
        sinks: list[Sink],
        annotation: Annotation | None,
        limits: _Limits,
        summary: RunSummary,
        watchdog: Watchdog,
    ) -> None:
        self._settings = settings
        self._video_input, self._audio_input, self._fusion = video_input, audio_input, fusion
        self._sinks, self._annotation = sinks, annotation
        self._limits, self._summary = limits, summary
        self._watchdog = watchdog
        self._clock: WallClock | None = None
        self._began_s = 0.0
        self._dropped: Callable[[], int] = int

    def drive(self, started_at: datetime) -> None:
        summary, limits = self._summary, self._limits
        sources = [
            input_.source for input_ in (self._video_input, self._audio_input) if input_ is not None
        ]
        if any(source.live for source in sources):
            self._clock = WallClock(started_at)
        self._began_s = time.monotonic() - summary.seconds  # goes on where settings are read again
        try:
            with ExitStack() as stack:
                for moment in self._moments(started_at, stack):
                    self._take(moment)
                    self._get_on()
                    if limits.stop.is_set():
                        break
            broken = [source for source in sources if source.failed]
            reasons = dict.fromkeys(source.ended for source in sources if source.ended)
            summary.ended = limits.reached or "; ".join(reasons) or "end of the source"
            if broken and not limits.reached:
                raise SourceError(f"{broken[0].name}: {broken[0].ended}")
        finally:
            summary.seconds = time.monotonic() - self._began_s
            if self._audio_input is not None:
                health = self._audio_input.source.health
                summary.sound_s, summary.notes = health.seconds, health.notes()

    def _moments(self, started_at: datetime, stack: ExitStack) -> Iterator[PipelineResult]:
        """Both senses on one timeline; what runs in threads ends with `stack`."""
        video_input, audio_input, stop = self._video_input, self._audio_input, self._limits.stop
        listening = None
        if audio_input is None:
            speech_results: Iterable[SpeechResult] = ()
        else:
            pipeline = audio_input.pipeline(self._settings, started_at)
            speech_results = pipeline.results(audio_input.source)
            if audio_input.source.live:
                speech_results = listening = LiveSpeechResults(
                    audio_input.source, pipeline, stop, self._get_on
                )
                stack.callback(listening.close)
                listening.start()
        if video_input is None:
            return iter(speech_results)
        if video_input.source.live:
            return self._live(video_input, listening, started_at, stack)
        return in_order(
            self._sight(video_input, started_at).results(video_input.source), speech_results
        )

    def _sight(self, video_input: VideoInput, started_at: datetime) -> FacePipeline:
        pipeline = video_input.pipeline(self._settings, started_at)
        self._watchdog.health.watch_stages(lambda: pipeline.times.seconds)
        return pipeline

    def _live(
        self,
        video_input: VideoInput,
        listening: LiveSpeechResults | None,
        started_at: datetime,
        stack: ExitStack,
    ) -> Iterator[PipelineResult]:
        """What is seen, and between two frames what was heard meanwhile."""

        def idle() -> None:
            for speech_result in listening.take() if listening is not None else ():
                self._take(speech_result)
            self._get_on()

        frames = LatestFrames(video_input.source, self._limits.stop, on_idle=idle)
        stack.callback(self._close_frames, frames)
        self._dropped = lambda: frames.dropped
        for frame_result in self._sight(video_input, started_at).results(frames):
            if listening is not None:
                yield from listening.take()
                if (
                    listening.done
                    and self._audio_input is not None
                    and self._audio_input.source.failed
                ):
                    return
            yield frame_result

    def _close_frames(self, frames: LatestFrames) -> None:
        self._summary.dropped = frames.dropped
        frames.close()

    def _take(self, moment: PipelineResult) -> None:
        events = moment.events
        if isinstance(moment, FrameResult):
            self._see(moment)
        else:
            events += self._hear(moment)
        if self._clock is not None:
            events = tuple([replace(one, time=self._clock.corrected(one.time)) for one in events])
        self._summary.count(events)
        for event in events:
            self._watchdog.health.event(event)
            for sink in self._sinks:
                sink.write(event)

    def _see(self, frame_result: FrameResult) -> None:
        self._summary.frames += 1
        self._watchdog.health.frame(self._dropped())
        if self._fusion is not None:
            self._fusion.see(frame_result)
        if self._annotation is not None:
            self._annotation.show(frame_result)

    def _hear(self, speech_result: SpeechResult) -> tuple[EmotionEvent, ...]:
        """What is to be said of both senses."""
        self._summary.windows += 1
        self._summary.voiced += speech_result.state is not None
        fusion_result = self._fusion.hear(speech_result) if self._fusion is not None else None
        return (fusion_result,) if fusion_result is not None else ()

    def _get_on(self) -> None:
        """What is due after each result, and twice a second while none comes."""
        for sink in self._sinks:
            sink.flush()
        if self._clock is not None:
            self._clock.check()
        if self._watchdog.tick(self._settings):
            self._limits.stop.set()
        self._limits.check(self._summary.frames, time.monotonic() - self._began_s)


@dataclass(slots=True)
class _Limits:
    """What may end a run before its sources do; `reached` says which one did, and sets `stop`."""

    stop: threading.Event
    max_frames: int | None
    max_seconds: float | None
    reached: str = ""

    def check(self, frames: int, seconds: float) -> None:
        if self.stop.is_set():
            self.reached = self.reached or "a request to stop"
        elif self.max_frames is not None and frames >= self.max_frames:
            self.reached = f"{frames} frames, as asked"
        elif self.max_seconds is not None and seconds >= self.max_seconds:
            self.reached = f"{self.max_seconds:g} s, as asked"
        if self.reached:
            self.stop.set()


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
