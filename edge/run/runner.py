"""One run: opens the parts that the settings name, takes results through them, closes all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from edge.errors import SourceError, UsageError
from edge.health.report import Health
from edge.pipeline.face import FrameResult
from edge.run.clock import WallClock
from edge.run.inputs import (
    AudioInput,
    VideoInput,
    check_one_time,
    open_audio,
    open_fusion,
    open_video,
)
from edge.run.limits import Limits, sigterm_as_event
from edge.run.summary import RunSummary
from edge.run.timeline import in_order
from edge.run.watchdog import Watchdog
from edge.sources.capture import CaptureThread
from edge.sources.supervisor import LiveReader, live_reader
from edge.types import EmotionEvent, Frame

if TYPE_CHECKING:
    from edge.annotate import Annotation
    from edge.pipeline.face import FacePipeline
    from edge.pipeline.fusion import Fusion
    from edge.pipeline.speech import SpeechResult
    from edge.run.timeline import PipelineResult
    from edge.settings.sections import Settings
    from edge.sinks import Sink
    from edge.sources.video import FrameSource
    from edge.status.preview import Preview


_WAITING_RESULTS = 1000
"""Results of speech that may wait while a frame is worked on: minutes of them."""


def run(
    settings: Settings,
    sinks: list[Sink],
    *,
    annotation: Annotation | None = None,
    preview: Preview | None = None,
    max_frames: int | None = None,
    max_seconds: float | None = None,
    summary: RunSummary | None = None,
    watchdog: Watchdog | None = None,
    supervise: bool = False,
    on_start: Callable[[RunSummary], None] | None = None,
) -> RunSummary:
    """Run until the sources end, a limit is reached, or SIGTERM comes.

    `sinks` are written to and flushed here, and closed by whoever opened them; `annotation`
    stores the frames with their boxes, if a person asked for that; `preview` shows them.
    `summary` is filled as the run goes, so that an interrupted caller still has it. `watchdog`
    learns that the
    work gets on, and may end it, with other settings to go on with. `supervise`: live sources are
    waited for and opened again without end. `on_start` receives the summary with the names of all
    that is open.
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
        inputs = (video_input, audio_input)
        summary.networks = tuple(input_.card.name for input_ in inputs if input_ is not None)
        if fusion is not None:
            summary.networks += (settings.model.fusion,)
        if on_start is not None:
            on_start(summary)
        stop = stack.enter_context(sigterm_as_event())
        stack.enter_context(watchdog.handle_sighup())
        limits = Limits(stop, max_frames, max_seconds)
        shows = [one for one in (annotation, preview) if one is not None]
        _Run(
            settings, video_input, audio_input, fusion, sinks, shows, limits, summary, watchdog
        ).drive(started_at)
    return summary


class _Run:
    """Takes each result to where it belongs: the summary, the fusion, the sinks, the video."""

    def __init__(
        self,
        settings: Settings,
        video_input: VideoInput | None,
        audio_input: AudioInput | None,
        fusion: Fusion | None,
        sinks: list[Sink],
        shows: Sequence[Annotation | Preview],
        limits: Limits,
        summary: RunSummary,
        watchdog: Watchdog,
    ) -> None:
        self._settings = settings
        self._video_input, self._audio_input, self._fusion = video_input, audio_input, fusion
        self._sinks, self._shows = sinks, shows
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
                for result in self._results(started_at, stack):
                    self._take(result)
                    del result  # its picture makes room for the next
                    if not self._get_on():
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
                summary.sound_s = health.seconds
                # A file's source says them as the reason of its end.
                summary.notes = [n for n in health.notes() if n not in (summary.ended or "")]

    def _results(self, started_at: datetime, stack: ExitStack) -> Iterator[PipelineResult]:
        """Both inputs' on one timeline; what runs in threads ends with `stack`."""
        video_input, audio_input = self._video_input, self._audio_input
        listening = None
        if audio_input is None:
            speech_results: Iterable[SpeechResult] = ()
        else:
            speech_results = audio_input.pipeline(self._settings, started_at).results(
                audio_input.source
            )
            if audio_input.source.live:
                listening = self._listening(audio_input, speech_results, stack)
        if video_input is None:
            return iter(speech_results) if listening is None else listening.read(self._get_on)
        if video_input.source.live:
            return self._live(video_input, listening, started_at, stack)
        frame_results = self._face_pipeline(video_input, started_at).results(video_input.source)
        # A merge holds on to the first picture for as long as it runs.
        return frame_results if audio_input is None else in_order(frame_results, speech_results)

    def _face_pipeline(self, video_input: VideoInput, started_at: datetime) -> FacePipeline:
        pipeline = video_input.pipeline(self._settings, started_at)
        self._watchdog.health.watch_stages(lambda: pipeline.times.seconds)
        return pipeline

    def _listening(
        self, audio_input: AudioInput, speech_results: Iterable[SpeechResult], stack: ExitStack
    ) -> CaptureThread[SpeechResult]:
        """Hears in a thread of its own, whatever the camera is doing."""
        listening = CaptureThread(lambda: nullcontext(speech_results), _WAITING_RESULTS)
        stack.callback(listening.close)
        stack.callback(audio_input.source.close)  # first: it wakes a source that waits
        return listening

    def _live(
        self,
        video_input: VideoInput,
        listening: CaptureThread[SpeechResult] | None,
        started_at: datetime,
        stack: ExitStack,
    ) -> Iterator[PipelineResult]:
        """What is seen, and between two frames what was heard meanwhile."""

        def spoken() -> list[SpeechResult]:
            return listening.take_all() if listening is not None else []

        def idle() -> bool:
            for speech_result in spoken():
                self._take(speech_result)
            return self._get_on() and not self._is_deaf()

        pipeline = self._face_pipeline(video_input, started_at)
        reader = live_reader(video_input.source)
        self._dropped = lambda: reader.dropped
        stack.callback(self._close_reader, reader, video_input.source)
        for frame_result in pipeline.results(reader.read(idle)):
            yield from spoken()
            if self._is_deaf():
                return
            yield frame_result
            del frame_result

    def _is_deaf(self) -> bool:
        """Whether the microphone broke, for good."""
        return self._audio_input is not None and self._audio_input.source.failed

    def _close_reader(self, reader: LiveReader[Frame], source: FrameSource) -> None:
        self._summary.dropped = reader.dropped
        source.close()
        reader.close()

    def _take(self, result: PipelineResult) -> None:
        events = result.events
        if isinstance(result, FrameResult):
            self._see(result)
        else:
            events += self._hear(result)
        events = tuple([self._placed(event) for event in events])
        self._summary.count(events)
        for event in events:
            self._watchdog.health.event(event)
            for sink in self._sinks:
                sink.write(event)

    def _placed(self, event: EmotionEvent) -> EmotionEvent:
        """The event with the time of the corrected clock, and a live source by its name."""
        if self._clock is not None:
            event = replace(event, time=self._clock.corrected(event.time))
        input_ = self._audio_input if event.modality == "speech" else self._video_input
        if event.origin.source or input_ is None:
            return event
        return replace(event, origin=replace(event.origin, source=input_.source.name))

    def _see(self, frame_result: FrameResult) -> None:
        self._summary.frames += 1
        self._watchdog.health.frame(self._dropped())
        if self._fusion is not None:
            self._fusion.see(frame_result)
        for show in self._shows:
            show.show(frame_result)

    def _hear(self, speech_result: SpeechResult) -> tuple[EmotionEvent, ...]:
        """The event that face and voice give together, where one is due."""
        self._summary.windows += 1
        self._summary.voiced += speech_result.state is not None
        fusion_result = self._fusion.hear(speech_result) if self._fusion is not None else None
        return (fusion_result,) if fusion_result is not None else ()

    def _get_on(self) -> bool:
        """What is due after each result, and twice a second while none comes; whether to go on."""
        for sink in self._sinks:
            sink.flush()
        if self._clock is not None:
            self._clock.check()
        if self._watchdog.tick(self._settings):
            self._limits.stop.set()
        return self._limits.allow(self._summary.frames, time.monotonic() - self._began_s)
