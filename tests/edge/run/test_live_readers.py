"""The one-slot queue, driven by sources whose every frame waits for the test's word."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from edge.errors import SourceError
from edge.run.live_readers import LatestFrames
from edge.types import Frame

IMAGE = np.zeros((4, 4, 3), np.uint8)


class ScriptedSource:
    """Delivers `count` frames, then ends, fails, or hangs until released."""

    name, live, ended, fps = "scripted", True, None, None

    def __init__(self, count: int, error: Exception | None = None, hang: bool = False) -> None:
        self._count, self._error, self._hang = count, error, hang
        self.delivered = threading.Event()
        self.release = threading.Event()

    def close(self) -> None:
        pass

    def __iter__(self) -> Iterator[Frame]:
        for index in range(self._count):
            yield Frame(IMAGE, index / 30, index)
        self.delivered.set()
        if self._hang:
            self.release.wait(30)
        if self._error is not None:
            raise self._error


def test_the_newest_frame_wins_and_every_frame_is_accounted_for() -> None:
    source = ScriptedSource(50, hang=True)
    frames = LatestFrames(source, threading.Event())  # type: ignore[arg-type]  # a stand-in
    taken = []
    for frame in frames:
        taken.append(frame.index)
        source.delivered.wait(30)  # all the others arrive while this one is worked on
        source.release.set()
    assert taken[-1] == 49
    assert taken == sorted(set(taken))
    assert len(taken) + frames.dropped == 50


def test_a_source_that_fails_gives_its_last_frame_and_then_its_error() -> None:
    source = ScriptedSource(1, error=SourceError("the cable is out"))
    frames = LatestFrames(source, threading.Event())  # type: ignore[arg-type]  # a stand-in
    reader = iter(frames)
    assert next(reader).index == 0
    with pytest.raises(SourceError, match="cable"):
        next(reader)


def test_a_stalled_source_leaves_the_loop_its_other_work_and_can_be_left() -> None:
    source, stop = ScriptedSource(0, hang=True), threading.Event()
    idle = threading.Event()

    def on_idle() -> None:
        idle.set()
        stop.set()

    frames = LatestFrames(source, stop, on_idle)  # type: ignore[arg-type]  # a stand-in
    assert list(frames) == []
    assert idle.is_set()
    frames.close(timeout_s=0.1)
    source.release.set()
