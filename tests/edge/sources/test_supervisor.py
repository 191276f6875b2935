"""Sources that die, stall, hang, stand still or are not there: each is begun anew."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
import pytest
from rigs.broker import free_port, until
from rigs.servers import mjpeg_server

from edge.errors import MissingDeviceError, SourceError, UsageError
from edge.health.part import Part, State
from edge.settings.sections import CameraSettings, MicSettings, ServiceSettings, Settings
from edge.sources.supervised import (
    SupervisedCamera,
    SupervisedMicrophone,
    ZeroWatch,
    camera,
    is_live,
)
from edge.sources.supervisor import MAX_HUNG, SourceSpec, SupervisedSource
from edge.sources.video.base import StaleWatch
from edge.types import AudioChunk, Frame

QUICK = ServiceSettings(stall_s=1, retry_delay_s=0.01)

Step = Callable[[], Any]


@dataclass
class Act:
    """One life of a source, as it is played: opening, then what it gives."""

    steps: list[Any]
    opening: Exception | None = None
    name: str = "actor"
    ended: str | None = None
    closed: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Act:
        if self.opening is not None:
            raise self.opening
        return self

    def __exit__(self, *_: object) -> None:
        self.closed.set()

    def __iter__(self) -> Iterator[Any]:
        for step in self.steps:
            if isinstance(step, Exception):
                raise step
            if isinstance(step, threading.Event):
                step.wait(60)  # the driver hangs
                continue
            yield step


class Stage:
    """Plays one act after another; the last one for ever."""

    def __init__(self, *acts: Act) -> None:
        self._acts = list(acts)
        self.begun = 0
        self.part = Part("camera", "source")
        kind: SourceSpec[int] = SourceSpec(
            "spec", self._next, lambda item, when_s, index: item, self._judge, capacity=9
        )
        self.source = SupervisedSource(kind, QUICK, self.part)

    def _next(self) -> Act:
        self.begun += 1
        return self._acts.pop(0) if len(self._acts) > 1 else self._acts[0]

    def _judge(self, item: int) -> None:
        if item < 0:
            raise SourceError("the very same picture came for 10 s")

    def take(self, count: int) -> list[int]:
        with self.source:
            return list(islice(self.source, count))


def test_what_dies_is_begun_anew_and_what_it_said_is_kept() -> None:
    first = Act([1, 2, SourceError("unplugged")])
    stage = Stage(first, Act([3], ended="end of stream"), Act([4, 5, 6]))
    assert stage.take(6) == [1, 2, 3, 4, 5, 6]
    report = stage.part.report()
    assert (report.state, report.restarts, report.items) == (State.RUNNING, 2, 6)
    assert report.last_error == "end of stream"
    assert first.closed.is_set()


def test_a_device_that_is_not_there_is_waited_for_and_that_is_no_restart() -> None:
    missing = MissingDeviceError("there is no camera /dev/video0")
    stage = Stage(Act([], missing), Act([], missing), Act([], missing), Act([7]))
    assert stage.take(1) == [7]
    report = stage.part.report()
    assert (stage.begun, report.restarts) == (4, 0)
    assert report.last_error == "there is no camera /dev/video0"


def test_a_driver_that_hangs_is_left_behind_and_another_life_begun() -> None:
    hang = threading.Event()
    stage = Stage(Act([1, hang]), Act([2, 3]))
    try:
        assert stage.take(3) == [1, 2, 3]
        assert stage.part.report().restarts == 1
        assert "nothing came for 1 s" in stage.part.report().last_error
    finally:
        hang.set()


def test_one_hang_too_many_ends_it_because_only_a_new_process_helps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edge.sources.supervisor.LEAVE_S", 0.05)
    hang = threading.Event()
    stage = Stage(Act([hang]))
    try:
        with pytest.raises(SourceError, match="hung in its driver"):
            stage.take(1)
        assert stage.begun == MAX_HUNG + 1
        assert stage.source.failed
        assert stage.part.report().state is State.FAILED
    finally:
        hang.set()


def test_the_newest_item_wins_and_the_others_are_counted() -> None:
    spec: SourceSpec[int] = SourceSpec(
        "spec", lambda: Act(list(range(50))), lambda item, *_: item, lambda item: None
    )
    with SupervisedSource(spec, QUICK, Part("camera", "source")) as source:
        items = iter(source)
        assert 0 <= next(items) < 50
        until(lambda: source.dropped >= 48, "the others to be counted")


def test_its_reader_is_called_while_nothing_comes_and_may_end_it() -> None:
    hang = threading.Event()
    for act in (Act([hang]), Act([], MissingDeviceError("nothing there"))):
        stage = Stage(act)
        called = 0

        def on_idle() -> bool:
            nonlocal called
            called += 1
            return called < 3

        assert list(stage.source.read(on_idle)) == []
        assert called == 3
        assert stage.source.ended == "closed"
    hang.set()


def test_what_stands_still_is_begun_anew() -> None:
    stage = Stage(Act([1, -1, 2]), Act([3]))
    assert stage.take(2) == [1, 3]
    assert "very same picture" in stage.part.report().last_error


def test_what_no_waiting_mends_is_raised() -> None:
    stage = Stage(Act([], UsageError("'x' names no camera")))
    with pytest.raises(UsageError, match="names no camera"):
        stage.take(1)
    assert stage.source.failed


def test_a_bug_in_a_driver_is_not_hidden() -> None:
    stage = Stage(Act([1, ZeroDivisionError("a driver's bug")]))
    with pytest.raises(ZeroDivisionError):
        stage.take(2)


class Refused:
    """A source that does not open; or one that dies, given an item first."""

    name, ended = "refused", None

    def __init__(self, gives: list[int]) -> None:
        self._gives = gives

    def __enter__(self) -> Refused:
        if not self._gives:
            raise SourceError("connection refused")
        return self

    def __exit__(self, *_: object) -> None: ...

    def __iter__(self) -> Iterator[int]:
        yield from self._gives
        raise SourceError("unplugged")


def test_lives_that_are_over_leave_no_ring_of_references() -> None:
    """The collector of such rings may not come for hours in a process that makes few."""
    lives = [Refused([]), Refused([1]), Refused([]), Refused([2])]
    begun = [weakref.ref(life) for life in lives]
    part = Part("camera", "source")
    kind: SourceSpec[int] = SourceSpec(
        "spec", lambda: lives.pop(0), lambda item, *_: item, lambda item: None, capacity=9
    )
    gc.collect()
    gc.disable()
    try:
        with SupervisedSource(kind, QUICK, part) as source:
            assert list(islice(source, 2)) == [1, 2]
            assert [life() is None for life in begun] == [True, True, True, False]
    finally:
        gc.enable()


def test_closing_ends_a_wait_from_another_thread() -> None:
    stage = Stage(Act([], MissingDeviceError("nothing there")))
    taken: list[int] = []
    thread = threading.Thread(target=lambda: taken.extend(stage.source))
    thread.start()
    until(lambda: stage.part.report().state is State.WAITING, "the wait")
    stage.source.close()
    thread.join(20)
    assert not thread.is_alive()
    assert taken == []


def test_its_driver_gives_signs_of_life_while_it_waits() -> None:
    stage = Stage(Act([], MissingDeviceError("nothing there")))
    thread = threading.Thread(target=lambda: list(stage.source))
    thread.start()
    try:
        until(lambda: stage.begun >= 8, "the back-off to grow")
        assert stage.part.silence_s < 5
    finally:
        stage.source.close()
        thread.join(20)


# The real thing: an MJPEG camera on loopback.


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    with mjpeg_server() as running:
        yield running


def _camera(url: str) -> tuple[SupervisedCamera, Part]:
    part = Part("camera", "source")
    settings = CameraSettings(source=url, open_timeout_s=5, read_timeout_s=1)
    return SupervisedCamera(settings, QUICK, part), part


@pytest.mark.parametrize(("path", "why"), [("/die", "closed the connection"), ("/stall", " came")])
def test_a_stream_that_dies_or_stalls_comes_back_with_times_that_go_on(
    server: Any, path: str, why: str
) -> None:
    source, part = _camera(server.url(path))
    with source:
        frames = list(islice(source, 30))
    times = [frame.timestamp_s for frame in frames]
    assert times == sorted(times)
    assert [frame.index for frame in frames] == list(range(30))
    assert part.report().restarts >= 2
    assert why in part.report().last_error


def test_a_camera_that_comes_later_is_found() -> None:
    port = free_port()
    source, part = _camera(f"http://127.0.0.1:{port}/alive")
    found: list[Frame] = []
    thread = threading.Thread(target=lambda: found.extend(islice(source, 1)))
    thread.start()
    try:
        until(lambda: part.report().state is State.FAILED, "the first failure")
        assert "cannot open" in part.report().last_error
    finally:
        source.close()
        thread.join(30)
    assert not thread.is_alive()


def test_files_end_once_and_for_all_and_are_not_supervised() -> None:
    assert not is_live("clip.mp4")
    assert not is_live("synthetic")
    assert is_live("auto")
    assert is_live("0")
    assert is_live("rtsp://camera/1")
    from edge.health.report import Health

    assert camera(Settings(camera=CameraSettings(source="synthetic")), Health()) is None


# What judges.


def _chunk(value: float) -> AudioChunk:
    return AudioChunk(np.full(160, value, np.float32), 16_000, 0.0)


def test_only_zeros_are_a_stall_each_time_after_a_longer_wait() -> None:
    watch = ZeroWatch()
    stalls = []
    for second in range(400):
        try:
            watch.check(_chunk(0), float(second))
        except SourceError:
            stalls.append(second)
    assert stalls == [30, 90, 210]
    watch.check(_chunk(0.1), 400)
    watch.check(_chunk(0), 401)
    with pytest.raises(SourceError, match="zeros"):
        watch.check(_chunk(0), 431)


def test_the_same_picture_is_a_stall() -> None:
    watch = StaleWatch()
    image = np.zeros((64, 64, 3), np.uint8)
    watch.check(image, 100.0)
    with pytest.raises(SourceError, match="very same picture"):
        watch.check(image, 110.0)


def test_a_microphone_that_is_not_there_is_silent_and_has_a_health() -> None:
    source = SupervisedMicrophone(MicSettings(source="default"), QUICK, Part("mic", "source"))
    assert not source.silent
    assert source.health.seconds == 0
