"""Measurements keep every value; timing is fair; ratios know their error."""

from __future__ import annotations

import gc
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.measuring.timing import Measurement, interleave, ratio, turns

VALUES = st.lists(st.floats(0.001, 1e6), min_size=1, max_size=50)


@given(VALUES)
def test_derived_figures_keep_their_order(values: list[float]) -> None:
    m = Measurement("x", "ms", tuple(values))
    assert m.minimum <= m.median <= m.p95 <= m.p99 <= max(values)
    slack = 1e-9 * max(values)
    assert m.minimum - slack <= m.mean <= max(values) + slack
    assert m.stdev >= 0


@given(VALUES, st.floats(0.01, 100))
def test_instability_does_not_depend_on_the_unit(values: list[float], factor: float) -> None:
    m = Measurement("x", "ms", tuple(values))
    share = m.stdev / m.mean
    if not math.isclose(share, 0.10, rel_tol=1e-6):
        assert m.unstable == (share >= 0.10)
        assert Measurement("x", "s", tuple(v * factor for v in values)).unstable == m.unstable


def test_figures_of_known_values() -> None:
    m = Measurement("x", "ms", tuple(float(n) for n in range(1, 101)))
    assert (m.median, m.mean, m.minimum) == (50.5, 50.5, 1.0)
    assert m.p95 == pytest.approx(95.05)
    assert m.p99 == pytest.approx(99.01)
    assert m.stdev == pytest.approx(29.0115, abs=1e-4)


def test_a_single_value_is_stable_and_has_no_scatter() -> None:
    m = Measurement("x", "MB", (3.5,))
    assert m.stdev == 0
    assert not m.unstable


@pytest.mark.parametrize("values", [(), (math.nan,), (1.0, math.inf)])
def test_a_measurement_needs_finite_values(values: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="needs finite values"):
        Measurement("x", "ms", values)


def test_what_the_processes_took_are_the_values() -> None:
    with pytest.raises(ValueError, match="processes took 3, not 2"):
        Measurement("x", "ms", (1.0, 2.0), per_process=(1, 2))


def test_one_process_does_not_know_how_far_off_it_is() -> None:
    assert noisy("x", 1.0, 1).margin == 0
    assert Measurement("x", "ms", (1.0, 2.0), per_process=(2,)).margin == 0


def test_the_margin_is_what_the_processes_differ_by() -> None:
    # Medians of 1, 2 and 3: their standard error is 1 / √3, two of them 0.577 of the mean.
    m = Measurement("x", "ms", (1.0, 1.0, 9.0, 2.0, 2.0, 9.0, 3.0, 3.0, 9.0), per_process=(3, 3, 3))
    assert m.by_process().tolist() == [1, 2, 3]
    assert m.margin == pytest.approx(1 / 3**0.5)
    calm = Measurement("x", "ms", (1.0, 1.0, 9.0) * 3, per_process=(3, 3, 3))
    assert calm.margin == 0


def test_of_a_clips_frames_the_processes_means_count() -> None:
    frames = (1.0, 1.0, 7.0, 1.0, 1.0, 4.0)
    m = Measurement("x", "ms", frames, varied=True, per_process=(3, 3))
    assert m.by_process().tolist() == [3, 2]
    assert m.margin == pytest.approx(2 * 0.5 / 2.5)


def test_a_process_of_few_values_says_little() -> None:
    values = (1.0,) * 50 + (1.5,) + (1.0,) * 50
    m = Measurement("x", "ms", values, per_process=(50, 1, 50))
    assert 0 < m.margin < 0.02


class Recorder:
    """Cases that write down who was called."""

    def __init__(self, names: str) -> None:
        self.calls: list[str] = []
        self.cases = {name: (lambda n=name: self.calls.append(n)) for name in names}


def test_every_case_is_called_once_a_round_warm_ups_included() -> None:
    recorder = Recorder("abc")
    rounds: list[int] = []
    taken = interleave(recorder.cases, rounds=20, warmups=3, on_round=rounds.append)
    per_round = [recorder.calls[i : i + 3] for i in range(0, len(recorder.calls), 3)]
    assert len(per_round) == 23
    assert all(sorted(calls) == ["a", "b", "c"] for calls in per_round)
    assert rounds == list(range(1, 24))
    assert list(taken) == ["a", "b", "c"]
    assert all(len(m.values) == 20 and m.warmups == 3 and m.unit == "ms" for m in taken.values())


def test_the_order_changes_from_round_to_round_and_follows_the_seed() -> None:
    def calls(seed: int) -> list[str]:
        recorder = Recorder("abc")
        interleave(recorder.cases, rounds=40, warmups=0, seed=seed)
        return recorder.calls

    called = calls(1)
    assert len({tuple(called[i : i + 3]) for i in range(0, 120, 3)}) == 6
    assert calls(1) == called
    assert calls(1) != calls(2)


def test_a_turn_may_be_of_several_calls_each_timed_alone() -> None:
    recorder = Recorder("ab")
    ticks = itertools.accumulate(itertools.chain.from_iterable((0, n) for n in itertools.count(1)))
    taken = turns(
        recorder.cases, rounds=2, warmups=1, calls=3, clock=lambda: next(ticks) * 1_000_000
    )
    in_turns = [recorder.calls[i : i + 3] for i in range(0, len(recorder.calls), 3)]
    assert len(in_turns) == 3 * 2
    assert all(len(set(turn)) == 1 for turn in in_turns)
    assert all(ms.shape == (2, 3) for ms in taken.values())
    # The n-th call takes n ms: after the warm-ups those are the 7th to the 18th, three in a turn.
    assert sorted(ms for case in taken.values() for ms in case.ravel()) == list(range(7, 19))
    assert all((np.diff(ms, axis=1) == 1).all() for ms in taken.values())


def test_timing_leaves_the_garbage_collector_as_it_was() -> None:
    states: list[bool] = []

    def case() -> None:
        states.append(gc.isenabled())
        if len(states) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interleave({"x": case}, rounds=5, warmups=0)
    assert states == [False, False]
    assert gc.isenabled()


def noisy(name: str, centre: float, seed: int, n: int = 200) -> Measurement:
    scatter = np.random.default_rng(seed).normal(1, 0.03, n)
    return Measurement(name, "ms", tuple(centre * scatter))


def test_the_interval_holds_the_ratio_and_the_truth() -> None:
    found = ratio(noisy("b", 1.0, 1), noisy("a", 2.0, 2))
    assert (found.numerator, found.denominator) == ("b", "a")
    assert found.low < found.value < found.high
    assert found.low < 0.5 < found.high
    assert found.high - found.low < 0.02


def test_paired_rounds_cancel_what_disturbed_both() -> None:
    disturbance = np.random.default_rng(3).uniform(1, 3, 200)
    a = Measurement("a", "ms", tuple(disturbance * 2.0))
    b = Measurement("b", "ms", tuple(disturbance * 1.0))
    together, apart = ratio(b, a), ratio(b, a, paired=False)
    assert together.high - together.low < 1e-9
    assert apart.high - apart.low > 0.05


def drawn(name: str, seed: int) -> Measurement:
    """Values that hardly scatter within a process, and do from one to the next."""
    rng = np.random.default_rng(seed)
    shares = tuple(map(int, rng.integers(1, 50, 12)))
    values = [rng.normal(1, 0.1) * rng.normal(1, 0.001, share) for share in shares]
    return Measurement(name, "ms", tuple(map(float, np.concatenate(values))), per_process=shares)


def test_two_runs_of_the_same_thing_differ_no_more_than_their_processes() -> None:
    wrong = 0
    for seed in range(12):
        found = ratio(drawn("new", seed), drawn("old", 1000 + seed), paired=False)
        wrong += not found.low < 1 < found.high
    assert wrong <= 3


def test_what_a_process_met_cancels_between_its_cases() -> None:
    a = drawn("a", 5)
    b = Measurement("b", "ms", tuple(v / 2 for v in a.values), per_process=a.per_process)
    together, apart = ratio(b, a), ratio(b, a, paired=False)
    assert together.high - together.low < 1e-9
    assert apart.high - apart.low > 0.02


def test_runs_of_different_length_are_compared_unpaired() -> None:
    found = ratio(noisy("b", 1.0, 1, n=50), noisy("a", 2.0, 2, n=80))
    assert found.low < 0.5 < found.high


@settings(max_examples=10)
@given(VALUES, st.floats(0.1, 10))
def test_the_ratio_of_scaled_values_is_the_scale(values: list[float], factor: float) -> None:
    a = Measurement("a", "ms", tuple(values))
    b = Measurement("b", "ms", tuple(v * factor for v in values))
    found = ratio(b, a)
    assert found.value == pytest.approx(factor)
    assert found.low == pytest.approx(factor)
    assert found.high == pytest.approx(factor)
    assert ratio(b, a) == found


def test_another_clock_may_be_read() -> None:
    ticks = iter(range(0, 100_000_000, 1_000_000))
    taken = interleave({"a": lambda: None}, rounds=3, warmups=1, clock=lambda: next(ticks))
    assert taken["a"].values == (1.0, 1.0, 1.0)
