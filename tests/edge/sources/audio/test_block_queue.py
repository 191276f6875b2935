"""The ring between the sound card's thread and ours: nothing is lost uncounted."""

from __future__ import annotations

import threading
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edge.sources.audio.block_queue import BlockQueue


def taken(ring: BlockQueue) -> list[tuple[bytes, bool]]:
    found = []
    while (block := ring.take(0)) is not None:
        found.append((block.data, block.after_gap))
    return found


def test_blocks_come_out_as_they_went_in() -> None:
    ring = BlockQueue(4)
    ring.put(b"one", 1.0)
    ring.put(b"two", 2.0)
    first = ring.take(0)
    assert first is not None
    assert (first.data, first.arrived_s, first.after_gap) == (b"one", 1.0, False)
    assert taken(ring) == [(b"two", False)]
    assert ring.overruns == 0


def test_the_newest_stay_and_the_gap_is_known_and_counted() -> None:
    ring = BlockQueue(3)
    for number in range(7):
        ring.put(bytes([number]), 0.0)
    assert ring.overruns == 4
    assert taken(ring) == [(b"\x04", True), (b"\x05", False), (b"\x06", False)]


def test_what_the_device_lost_is_a_gap_at_its_place() -> None:
    ring = BlockQueue(4)
    ring.put(b"a", 0.0)
    ring.put(b"b", 0.0, overflowed=True)
    assert ring.overflows == 1
    assert taken(ring) == [(b"a", False), (b"b", True)]


@given(st.integers(1, 5), st.lists(st.booleans(), max_size=40))
def test_every_block_is_taken_or_counted(capacity: int, puts: list[bool]) -> None:
    ring = BlockQueue(capacity)
    put = 0
    out: list[tuple[bytes, bool]] = []
    for is_put in puts:
        if is_put:
            ring.put(bytes([put]), 0.0)
            put += 1
        elif (block := ring.take(0)) is not None:
            out.append((block.data, block.after_gap))
        assert len(ring) <= capacity
    out += taken(ring)
    assert len(out) + ring.overruns == put
    numbers = [-1] + [data[0] for data, _ in out]
    assert [gap for _, gap in out] == [b - a > 1 for a, b in pairwise(numbers)]


def test_closing_wakes_who_waits_and_gives_nothing_more() -> None:
    ring = BlockQueue(4)
    got: list[object] = ["nothing yet"]
    waiter = threading.Thread(target=lambda: got.__setitem__(0, ring.take(60)))
    waiter.start()
    ring.close()
    waiter.join(30)
    assert got == [None]
    ring.put(b"late", 0.0)
    assert ring.take(0) is None
