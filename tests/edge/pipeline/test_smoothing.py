"""Steady scores and labels out of trembling ones."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.pipeline.smoothing import Smoother
from edge.pipeline.track import State, Track
from edge.settings.sections import SmoothingSettings
from edge.types import UNKNOWN, Prediction

LABELS = ("angry", "happy", "sad", "neutral")


def prediction(**scores: float) -> Prediction:
    """What is not named shares the rest."""
    rest = (1 - sum(scores.values())) / max(1, len(LABELS) - len(scores))
    values = np.array([scores.get(label, rest) for label in LABELS], np.float32)
    return Prediction(LABELS, values)


class Smoothed:
    """A smoother, and the tracks it was given."""

    def __init__(self, settings: SmoothingSettings) -> None:
        self._smoother = Smoother(settings)
        self.tracks: dict[int, Track] = {}

    def update(self, track_id: int, seen: Prediction, timestamp_s: float) -> State:
        return self._smoother.update(self.tracks.setdefault(track_id, Track()), seen, timestamp_s)


def smoother(**values: float) -> Smoothed:
    return Smoothed(SmoothingSettings.model_validate(values))


def test_the_first_prediction_is_taken_as_it_is() -> None:
    state = smoother().update(1, prediction(happy=0.7), 0.0)
    assert (state.label, state.changed) == ("happy", True)
    assert state.confidence == pytest.approx(0.7)


def test_after_one_time_constant_a_step_has_come_63_percent_of_the_way() -> None:
    one = smoother(time_constant_s=0.5)
    one.update(1, prediction(happy=1.0), 0.0)
    state = one.update(1, prediction(sad=1.0), 0.5)
    assert state.scores[2] == pytest.approx(1 - math.exp(-1), abs=1e-6)


def test_the_frame_rate_makes_no_difference() -> None:
    slow, fast = smoother(time_constant_s=0.5), smoother(time_constant_s=0.5)
    for one, frames in ((slow, 2), (fast, 40)):
        one.update(1, prediction(happy=1.0), 0.0)
        for n in range(1, frames + 1):
            last = one.update(1, prediction(sad=0.9), n / frames)
        np.testing.assert_allclose(last.scores[2], 0.9 * (1 - math.exp(-2)), atol=1e-4)


def test_a_time_constant_of_0_smooths_nothing() -> None:
    one = smoother(time_constant_s=0)
    one.update(1, prediction(happy=0.9), 0.0)
    assert one.update(1, prediction(sad=0.9), 0.0).scores[2] == pytest.approx(0.9)


def test_a_label_stays_until_another_leads_by_more_than_the_hysteresis() -> None:
    one = smoother(time_constant_s=0, hysteresis=0.1, floor=0.35)
    one.update(1, prediction(happy=0.5), 0.0)
    held = one.update(1, prediction(happy=0.42, sad=0.48), 0.1)
    assert (held.label, held.changed) == ("happy", False)
    assert held.confidence == pytest.approx(0.42)
    left = one.update(1, prediction(happy=0.38, sad=0.52), 0.2)
    assert (left.label, left.changed) == ("sad", True)
    assert left.confidence == pytest.approx(0.52)


def test_a_tie_that_trembles_changes_nothing() -> None:
    one = smoother(time_constant_s=0, hysteresis=0.1)
    one.update(1, prediction(happy=0.5), 0.0)
    states = [
        one.update(1, prediction(happy=0.45 + tremble, sad=0.45 - tremble), n / 10)
        for n, tremble in enumerate([0.04, -0.04] * 10)
    ]
    assert not any(state.changed for state in states)


def test_below_the_floor_it_is_unknown_and_leaving_that_takes_the_hysteresis_too() -> None:
    one = smoother(time_constant_s=0, hysteresis=0.1, floor=0.4)
    low = one.update(1, prediction(happy=0.39), 0.0)
    assert (low.label, low.changed) == (UNKNOWN, True)
    assert low.confidence == pytest.approx(0.39)
    assert one.update(1, prediction(happy=0.45), 0.1).label == UNKNOWN
    assert one.update(1, prediction(happy=0.55), 0.2).label == "happy"
    assert one.update(1, prediction(happy=0.45), 0.3).label == "happy"
    assert one.update(1, prediction(happy=0.39), 0.4).label == UNKNOWN


def test_a_label_that_sank_below_the_floor_is_given_up() -> None:
    one = smoother(time_constant_s=0, hysteresis=0.1, floor=0.35)
    one.update(1, prediction(happy=0.5), 0.0)
    assert one.update(1, prediction(happy=0.33, sad=0.4), 0.1).label == UNKNOWN


def test_tracks_do_not_mix_and_a_forgotten_one_starts_anew() -> None:
    one = smoother(time_constant_s=60)
    one.update(1, prediction(happy=0.9), 0.0)
    assert one.update(2, prediction(sad=0.9), 0.1).label == "sad"
    assert one.update(1, prediction(sad=0.9), 0.2).label == "happy"
    del one.tracks[1]
    again = one.update(1, prediction(sad=0.9), 0.3)
    assert (again.label, again.changed) == ("sad", True)


def test_a_clock_that_jumps_back_holds_for_one_frame_only() -> None:
    one = smoother(time_constant_s=0.5)
    one.update(1, prediction(happy=1.0), 1000.0)
    assert one.update(1, prediction(sad=1.0), 3.0).scores[1] == pytest.approx(1.0)
    assert one.update(1, prediction(sad=1.0), 8.0).label == "sad"


def test_the_networks_own_scores_are_left_as_they_are() -> None:
    one = smoother()
    first = prediction(happy=0.9)
    before = first.scores.copy()
    one.update(1, first, 0.0)
    one.update(1, prediction(sad=0.9), 1.0)
    assert np.array_equal(first.scores, before)


raw = st.lists(st.floats(1 / 64, 1, width=32), min_size=4, max_size=4)


@given(
    st.lists(st.tuples(raw, st.floats(-5, 5)), min_size=1, max_size=30),
    st.floats(0, 2),
    st.floats(0, 0.5),
    st.floats(0, 0.9),
)
def test_states_are_always_sound(
    frames: list[tuple[list[float], float]], tau: float, hysteresis: float, floor: float
) -> None:
    one = smoother(time_constant_s=tau, hysteresis=hysteresis, floor=floor)
    clock_s, before = 0.0, None
    for values, passed_s in frames:
        clock_s += passed_s
        scores = np.array(values, np.float32)
        state = one.update(1, Prediction(LABELS, scores / scores.sum()), clock_s)
        assert state.scores.dtype == np.float32
        assert float(state.scores.sum()) == pytest.approx(1, abs=1e-4)
        assert state.scores.min() >= 0
        assert state.changed == (state.label != before)
        if state.label == UNKNOWN:
            assert state.confidence == pytest.approx(float(state.scores.max()))
        else:
            assert state.confidence >= floor
            assert state.confidence == float(state.scores[LABELS.index(state.label)])
        before = state.label


def test_the_floor_is_the_model_s_own_unless_the_settings_say_one() -> None:
    unsure = prediction(happy=0.5)
    left_to_it = Smoother(SmoothingSettings(), 0.6).update(Track(), unsure, 0.0)
    told = Smoother(SmoothingSettings(floor=0.4), 0.6).update(Track(), unsure, 0.0)
    assert (left_to_it.label, told.label) == (UNKNOWN, "happy")
