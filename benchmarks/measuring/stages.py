"""Where a frame's time goes, stage by stage, from the source's reading to the sink's writing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from time import monotonic, perf_counter

from edge.pipeline.face import FacePipeline
from edge.sources.video.base import BaseFrameSource
from edge.types import EmotionEvent, Frame

Write = Callable[[Sequence[EmotionEvent]], None]
WHOLE = "whole frame"
OTHER = "other"


def staged(
    frames: Iterable[Frame], pipeline: FacePipeline, write: Write
) -> Iterator[dict[str, float]]:
    """Milliseconds by stage for each frame; `WHOLE` was timed around them all, and `OTHER` is
    what the stages leave of it. What the caller does in between does not count."""
    source = iter(frames)
    while True:
        asked = perf_counter()
        frame = next(source, None)
        if frame is None:
            return
        captured = perf_counter()
        before = pipeline.times.seconds
        frame_result = next(pipeline.results((frame,)))
        seen = perf_counter()
        write(frame_result.events)
        written = perf_counter()
        within = {name: total - before[name] for name, total in pipeline.times.seconds.items()}
        stages = {"capture": captured - asked, **within, "sink": written - seen}
        whole = written - asked
        stages = {**stages, OTHER: whole - sum(stages.values()), WHOLE: whole}
        yield {name: 1e3 * seconds for name, seconds in stages.items()}


class PlayedLive(BaseFrameSource):
    """A file's frames at their own times, as a camera would deliver them.

    delivered: how many so far; whole: whether the recording came to its end within the time
    """

    live = True

    def __init__(self, recorded: BaseFrameSource, *, seconds: float) -> None:
        """seconds: of the recording, at most; it is open already and stays so."""
        super().__init__(recorded.name, recorded.settings)
        self._recorded = recorded
        self._seconds = seconds
        self.delivered = 0
        self.whole = False

    def _open(self) -> None:
        self.delivered = 0
        self.whole = False

    def _produce(self) -> Iterator[Frame]:
        began = monotonic()
        for frame in self._recorded:
            if frame.timestamp_s > self._seconds:
                break
            if self._closed.wait(max(0.0, began + frame.timestamp_s - monotonic())):
                return
            self.delivered += 1
            yield frame
        else:
            self.whole = True
        self._end("end of the recording")
