"""One timeline out of two senses, from files and live."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import numpy as np
import pytest

from edge.errors import SourceError
from edge.pipeline.face import FrameResult
from edge.pipeline.speech import SpeechResult
from edge.run.live_readers import LiveSpeechResults
from edge.run.timeline import in_order
from edge.sources.audio import SoundHealth
from edge.types import AudioChunk, Frame

WAIT_S = 20.0


def frame_result(at_s: float) -> FrameResult:
    return FrameResult(Frame(np.zeros((2, 2), np.uint8), at_s, 0, "GRAY"), (), ())


def speech_result(at_s: float) -> SpeechResult:
    return SpeechResult(at_s - 3, at_s, 0, None, None, ())


def test_files_are_in_the_order_of_their_time_and_read_no_further_than_asked() -> None:
    asked = []

    def frame_results() -> Iterator[FrameResult]:
        for at_s in (0.0, 1.0, 2.0, 3.0):
            asked.append(at_s)
            yield frame_result(at_s)

    moments = in_order(frame_results(), iter([speech_result(1.5), speech_result(9)]))
    kinds = [type(next(moments)).__name__ for _ in range(3)]
    assert kinds == ["FrameResult", "FrameResult", "SpeechResult"]
    assert asked == [0.0, 1.0, 2.0]
    assert [type(moment).__name__ for moment in moments] == [
        "FrameResult",
        "FrameResult",
        "SpeechResult",
    ]


class FakeSound:
    """A source that is never iterated here: the stand-in pipeline hears by itself."""

    name, live, silent, failed = "fake", True, False, False
    ended: str | None = None

    def __init__(self) -> None:
        self.health = SoundHealth()
        self.closed = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[AudioChunk]:
        return iter(())

    def close(self) -> None:
        self.closed.set()


class FakePipeline:
    """Hears what it is told to, then fails or waits for the source to close."""

    def __init__(self, count: int, error: Exception | None = None, *, wait: bool = False) -> None:
        self.count, self.error, self.wait = count, error, wait

    def results(self, source: FakeSound) -> Iterator[SpeechResult]:
        for number in range(self.count):
            yield speech_result(float(number))
        if self.error is not None:
            raise self.error
        if self.wait:
            source.closed.wait(WAIT_S)


def listening(pipeline: FakePipeline, stop: threading.Event | None = None) -> LiveSpeechResults:
    return LiveSpeechResults(FakeSound(), pipeline, stop or threading.Event())  # type: ignore[arg-type]  # a stand-in


def test_every_hearing_comes_once_and_in_order() -> None:
    heard = listening(FakePipeline(50))
    heard.start()
    assert [each.end_s for each in heard] == [float(n) for n in range(50)]
    assert heard.take() == []


def test_what_is_there_is_taken_without_waiting() -> None:
    heard = listening(FakePipeline(3, wait=True))
    assert heard.take() == []
    heard.start()
    found: list[SpeechResult] = []
    for _ in range(1000):
        found += heard.take()
        if len(found) == 3:
            break
        threading.Event().wait(0.01)
    assert [each.end_s for each in found] == [0.0, 1.0, 2.0]
    heard.close()
    assert heard.done


def test_an_error_comes_after_what_was_heard_before_it() -> None:
    heard = listening(FakePipeline(2, SourceError("the cable was pulled: plug it in")))
    heard.start()
    found: list[SpeechResult] = []
    with pytest.raises(SourceError, match="cable"):
        found.extend(heard)
    assert len(found) == 2


def test_stop_ends_the_wait_and_the_source() -> None:
    stop = threading.Event()
    heard = listening(FakePipeline(0, wait=True), stop)
    heard.start()
    threading.Timer(0.05, heard.close).start()
    assert list(heard) == []
    assert stop.is_set()


def test_who_waits_in_vain_is_called_meanwhile() -> None:
    called = threading.Event()
    stop = threading.Event()

    def idle() -> None:
        called.set()
        stop.set()

    heard = LiveSpeechResults(FakeSound(), FakePipeline(0, wait=True), stop, idle)  # type: ignore[arg-type]  # a stand-in
    heard.start()
    assert list(heard) == []
    assert called.is_set()
    heard.close()
