"""Stretches of states, the forecasts made from them, and what they are worth."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from chains import ALIKE, circle, events, walk
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import LABELS, START

from edge.forecast.chain import Chain
from edge.forecast.judge import judge
from edge.forecast.model import FORECASTERS, PERSISTENCE, fit_model
from edge.forecast.sequences import Segment, faded, names_of, segments
from edge.types import UNKNOWN, EmotionEvent

NAMES = (*LABELS, UNKNOWN)
_events = st.builds(
    lambda second, track, label: replace(
        next(events([0], track)),
        time=START + timedelta(seconds=second),
        label=label,
    ),
    st.floats(0, 100),
    st.integers(1, 3),
    st.sampled_from(NAMES),
)


def followed(states: list[int]) -> list[Segment]:
    return segments(list(events(states)), NAMES)


@given(st.lists(_events, max_size=30))
def test_every_event_is_in_one_stretch_whatever_their_order(found: list[EmotionEvent]) -> None:
    cut = segments(found, NAMES)
    assert sum(map(len, cut)) == len(found)
    assert [one.began_at for one in cut] == sorted(one.began_at for one in cut)
    for one in cut:
        assert (np.diff(one.seconds) >= 0).all()
        assert one.seconds[0] == 0
        assert np.allclose(one.recency.sum(axis=1), 1)
        assert (one.at(one.seconds) >= 0).all()


def test_names_are_what_the_networks_score_and_unknown() -> None:
    assert names_of(events([0, 1])) == NAMES


def test_a_silence_and_a_time_that_runs_back_end_a_stretch() -> None:
    run = [*events(range(5)), *events(range(4), after_s=9), *events(range(3), after_s=10)]
    assert sorted(len(one) for one in segments(run, NAMES)) == [3, 4, 5]
    assert len(segments([*events([0, 0]), *events([0, 0], track_id=2)], NAMES)) == 2


def test_states_hold_until_the_next_event_and_end_with_the_last() -> None:
    (one,) = followed([3, 3, 5])
    assert one.at(np.array([-0.1, 0.0, 1.9, 2.0, 2.1])).tolist() == [-1, 3, 3, 5, -1]
    assert (one.changes, one.since_s.tolist()) == (1, [0.0, 1.0, 0.0])
    (one,) = followed([1, 4, 4, 4])
    assert (one.since_s[-1], one.ended_at) == (2.0, START + timedelta(seconds=3))


@given(
    st.lists(st.integers(0, 7), min_size=2, max_size=40), st.floats(0.01, 60), st.floats(0.01, 60)
)
@settings(max_examples=50)
def test_the_chances_of_a_chain_are_shares_and_add_up_over_time(
    states: list[int], one_s: float, other_s: float
) -> None:
    found = [replace(one, states=np.array(states)) for one in followed([0] * len(states))]
    chain = Chain.fitted(found, len(NAMES))
    both = chain.after(one_s + other_s)
    assert (both >= 0).all()
    assert np.allclose(both.sum(axis=1), 1)
    assert np.allclose(both, chain.after(one_s) @ chain.after(other_s), atol=1e-9)


def test_the_chances_are_those_of_scipy() -> None:
    linalg = pytest.importorskip("scipy.linalg")
    chain = Chain.fitted(followed(walk(circle(0.5), 300)), len(NAMES))
    for seconds in (0.1, 2.0, 500.0):
        assert np.allclose(chain.after(seconds), linalg.expm(chain.rates * seconds), atol=1e-9)


def test_a_chain_finds_how_long_states_last_and_what_follows() -> None:
    chain = Chain.fitted(followed(walk(circle(0.8), 20_000)), len(NAMES))
    leaving = chain.rates.sum(axis=1, where=~np.eye(len(NAMES), dtype=bool))[:7]
    assert leaving == pytest.approx(0.2, abs=0.03)
    assert [int(row.argmax()) for row in chain.rates[:7]] == [1, 2, 3, 4, 5, 6, 0]
    assert chain.marginal[:7] == pytest.approx(1 / 7, abs=0.03)


@given(st.integers(0, 2), st.floats(0, 30), st.floats(0, 30))
def test_the_recent_past_fades_alike_in_one_step_or_two(
    state: int, one_s: float, other_s: float
) -> None:
    before = np.array([0.2, 0.3, 0.5])
    twice = faded(faded(before, state, one_s), state, other_s)
    assert np.allclose(twice, faded(before, state, one_s + other_s))
    assert twice.sum() == pytest.approx(1)


@given(st.lists(st.integers(0, 7), min_size=1, max_size=60), st.floats(0.5, 20))
@settings(max_examples=50)
def test_a_forecast_is_a_distribution_that_rules_nothing_out(
    states: list[int], horizon_s: float
) -> None:
    found = [replace(one, states=np.array(states)) for one in followed([0] * len(states))]
    chances = fit_model(found, len(NAMES), horizon_s).forecast(found[0])
    assert chances.shape == (len(states), len(NAMES))
    assert np.allclose(chances.sum(axis=1), 1)
    assert (chances > 0).all()


def test_a_law_beats_staying_and_chance_does_not() -> None:
    turning = judge(followed(walk(circle(0.6), 1500)), len(NAMES), 2.0)
    assert turning.enough
    assert turning.wins
    assert turning.log_loss < turning.persistence < turning.marginal
    chance = judge(followed(walk(ALIKE, 1500)), len(NAMES), 5.0)
    assert chance.enough
    assert not chance.wins
    assert chance.log_loss == pytest.approx(np.log(7), abs=0.1)


def test_where_it_stays_the_mixture_learns_that_it_stays() -> None:
    steady = followed([0] * 400 + [1] * 400 + [2] * 400)
    judged = judge(steady, len(NAMES), 2.0)
    assert not judged.wins
    assert judged.log_loss == pytest.approx(judged.persistence, abs=0.02)
    assert fit_model(steady, len(NAMES), 2.0, PERSISTENCE).weights[0] > 0.98


def test_a_forecast_is_fitted_to_the_past_alone() -> None:
    """Where another law begins, the first forecasts are as bad as those who cannot see it."""
    before, after = walk(circle(0.6), 1200), walk(circle(0.6).T, 300)
    whole = judge(followed(before + after), len(NAMES), 2.0)
    same = judge(followed(walk(circle(0.6), 1500)), len(NAMES), 2.0)
    assert whole.log_loss > same.log_loss + 0.1


def test_intervals_hold_the_gain_and_shrink_with_data() -> None:
    widths = []
    for seconds in (500, 4000):
        gain, low, high = judge(followed(walk(circle(0.6), seconds)), len(NAMES), 2.0).gain
        assert low < gain < high
        widths.append(high - low)
    assert widths[1] < 0.6 * widths[0]


def test_little_is_not_enough_and_nothing_is_no_error() -> None:
    assert judge([], len(NAMES), 2.0).moments == 0
    for seconds in (1, 2, 50):
        judged = judge(followed([0] * seconds), len(NAMES), 2.0)
        assert (judged.enough, judged.wins) == (False, False)
    weights = fit_model([], len(NAMES), 2.0).weights
    assert weights == pytest.approx(1 / len(FORECASTERS))


def test_moments_are_judged_once_each() -> None:
    states = walk(circle(0.6), 1000)
    judged = judge(followed(states), len(NAMES), 10.0)
    assert judged.moments == 800 - 10  # the first fifth is learned from; the end has no future
    assert judged.clusters == pytest.approx(800 / 30, abs=2)
    assert all(a != b for a, b in pairwise([judged.log_loss, judged.persistence, judged.marginal]))
