"""The hand-over between two threads: nothing is lost uncounted."""

from __future__ import annotations

import threading

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.sources.newest_wins import NewestWinsQueue


def test_items_come_out_as_they_went_in_and_are_the_same_objects() -> None:
    queue: NewestWinsQueue[list[int]] = NewestWinsQueue(4)
    items = [[1], [2]]
    for item in items:
        queue.put(item)
    assert [queue.take(0) is item for item in items] == [True, True]
    assert queue.take(0) is None
    assert queue.dropped == 0


def test_the_newest_stay_and_the_others_are_counted() -> None:
    queue: NewestWinsQueue[int] = NewestWinsQueue(3)
    for number in range(7):
        queue.put(number)
    assert queue.take_all() == [4, 5, 6]
    assert queue.dropped == 4


@settings(deadline=None)
@given(st.integers(1, 5), st.lists(st.booleans(), max_size=40))
def test_every_item_is_taken_or_counted(capacity: int, puts: list[bool]) -> None:
    queue: NewestWinsQueue[int] = NewestWinsQueue(capacity)
    put = 0
    out: list[int] = []
    for is_put in puts:
        if is_put:
            queue.put(put)
            put += 1
        elif (item := queue.take(0)) is not None:
            out.append(item)
        assert len(queue) <= capacity
    out += queue.take_all()
    assert len(out) + queue.dropped == put
    assert out == sorted(set(out))


def test_closing_wakes_who_waits_and_takes_nothing_more() -> None:
    queue: NewestWinsQueue[int] = NewestWinsQueue(4)
    got: list[object] = ["nothing yet"]
    waiter = threading.Thread(target=lambda: got.__setitem__(0, queue.take(60)))
    waiter.start()
    queue.close()
    waiter.join(30)
    assert got == [None]
    queue.put(1)
    assert queue.take(0) is None
    assert queue.exhausted


def test_what_waits_when_it_is_closed_can_still_be_taken() -> None:
    queue: NewestWinsQueue[int] = NewestWinsQueue(4)
    queue.put(1)
    queue.close()
    assert not queue.exhausted
    assert queue.take(0) == 1
    assert queue.exhausted
