"""How long a live source may be silent: quick ones die quickly, slow ones not at all."""

from __future__ import annotations

from itertools import accumulate, cycle, islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.sources.video.frame_budget import FrameBudget

OPEN_S, READ_S, LEAST_S = 30.0, 10.0, 2.0


def budget() -> FrameBudget:
    made = FrameBudget(OPEN_S, READ_S, LEAST_S)
    made.opened()
    return made


def deaths(steps: list[float], over_s: float = 120.0) -> int:
    """How often a source with these steps between its frames, over and over, counts as dead."""
    made, died, now_s = budget(), 0, 0.0
    for step_s in cycle(steps):
        if now_s > over_s:
            return died
        if step_s > made.seconds:
            made.exceeded()
            made.opened()
            died += 1
        now_s += step_s
        made.came(now_s)
    return died


def after(steps: list[float]) -> FrameBudget:
    made = budget()
    for now_s in accumulate(steps):
        made.came(now_s)
    return made


@pytest.mark.parametrize(
    ("step_s", "wait_s"), [(1 / 30, 2), (0.2, 2), (0.5, 2.5), (1, 5), (2, 10), (5, 10)]
)
def test_a_known_rate_decides_how_long_is_waited(step_s: float, wait_s: float) -> None:
    made = after([step_s] * round(25 / step_s))
    assert made.seconds == pytest.approx(wait_s)


def test_before_its_rate_is_known_a_source_has_the_whole_time() -> None:
    made = budget()
    assert made.seconds == OPEN_S
    assert after([0.04] * 100).seconds == READ_S


def test_a_camera_that_says_its_rate_is_known_at_once() -> None:
    made = FrameBudget(OPEN_S, READ_S, 1.5)
    made.opened(30)
    assert made.seconds == OPEN_S
    made.came(4)
    assert made.seconds == 1.5


@pytest.mark.parametrize(
    "steps",
    [
        [0.04],
        [5.0],
        [0.001] * 149 + [6.0],  # parts of 6 s, each of which comes at once
        [0.04] * 25 + [1.5],
        [1, 1, 1, 2, 0.1],
    ],
    ids=str,
)
def test_a_slow_or_uneven_stream_runs_without_a_reconnect(steps: list[float]) -> None:
    assert deaths(steps) == 0


def test_one_that_turns_slow_is_taken_for_dead_a_few_times_and_then_known() -> None:
    assert 1 <= deaths([0.04] * 1000 + [9.0], 3600) <= 3


@settings(deadline=None)
@given(st.lists(st.floats(0.001, 9.9), min_size=1, max_size=30))
def test_the_wait_stays_within_what_is_set(steps: list[float]) -> None:
    made = budget()
    for now_s in islice(accumulate(cycle(steps)), 200):
        made.came(now_s)
        assert LEAST_S <= made.seconds <= READ_S
    assert deaths(steps, 300) <= 3
