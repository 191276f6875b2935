"""A capture thread, driven by sources whose every item waits for the test's word."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from edge.errors import SourceError
from edge.sources.capture import CaptureThread


class Scripted:
    """Delivers `count` numbers, then ends, fails, or hangs until released."""

    def __init__(self, count: int, error: Exception | None = None, hang: bool = False) -> None:
        self._count, self._error, self._hang = count, error, hang
        self.delivered = threading.Event()
        self.release = threading.Event()

    def __iter__(self) -> Iterator[int]:
        yield from range(self._count)
        self.delivered.set()
        if self._hang:
            self.release.wait(30)
        if self._error is not None:
            raise self._error


def capture(source: Scripted, capacity: int = 1) -> CaptureThread[int]:
    return CaptureThread(lambda: nullcontext(source), capacity)


def test_the_newest_item_wins_and_every_one_is_accounted_for() -> None:
    source = Scripted(50, hang=True)
    thread = capture(source)
    taken = []
    for item in thread.read():
        taken.append(item)
        source.delivered.wait(30)  # all the others arrive while this one is worked on
        source.release.set()
    assert taken[-1] == 49
    assert taken == sorted(set(taken))
    assert len(taken) + thread.dropped == 50


def test_with_room_for_all_each_comes_once_and_in_order() -> None:
    thread = capture(Scripted(50), capacity=100)
    assert list(thread.read()) == list(range(50))
    assert thread.take_all() == []
    assert thread.dropped == 0


def test_a_source_that_fails_gives_its_last_item_and_then_its_error_once() -> None:
    thread = capture(Scripted(1, error=SourceError("the cable is out")))
    reader = thread.read()
    assert next(reader) == 0
    with pytest.raises(SourceError, match="cable"):
        next(reader)
    assert thread.take_all() == []


def test_what_waits_is_taken_without_waiting_and_an_error_after_it() -> None:
    source = Scripted(3, error=SourceError("the cable is out"), hang=True)
    thread = capture(source, capacity=9)
    source.delivered.wait(30)
    assert thread.take_all() == [0, 1, 2]
    assert thread.take_all() == []
    source.release.set()
    while thread.alive:
        threading.Event().wait(0.01)
    with pytest.raises(SourceError, match="cable"):
        thread.take_all()


def test_a_stalled_source_leaves_the_loop_its_other_work_and_can_be_left() -> None:
    source = Scripted(0, hang=True)
    thread = capture(source)
    told: list[int] = []

    def on_idle() -> bool:
        told.append(1)
        return len(told) < 2

    assert list(thread.read(on_idle)) == []
    assert len(told) == 2
    thread.leave(0.05)
    assert thread.alive
    source.release.set()


def test_leaving_it_closes_what_it_opened() -> None:
    closed = threading.Event()

    class Endless:
        def __enter__(self) -> Endless:
            return self

        def __exit__(self, *_: object) -> None:
            closed.set()

        def __iter__(self) -> Iterator[int]:
            while True:
                yield 1

    thread: CaptureThread[int] = CaptureThread(Endless)
    assert next(thread.read()) == 1
    thread.close()
    assert closed.is_set()
    assert not thread.alive
