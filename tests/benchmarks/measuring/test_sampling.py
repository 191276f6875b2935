"""Rounds count where they were undisturbed, and more are drawn until they agree."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from benchmarks.measuring import sampling
from benchmarks.measuring.findings import Doubt, Remark
from benchmarks.measuring.sampling import Sample, sample
from benchmarks.measuring.worker import CALLS, Draw, Work

PROCESSES = 12
WORK = Work(("net",), ("litert",), ("int8",), threads=1, rounds=5, warmups=2, seed=100)
ASKED = PROCESSES * WORK.rounds
CALM = (100.0, 200.0, 300.0)

Ms = Callable[[int, int], tuple[float, float, float]]
"""(process, round) → ms of the network, of the product, of the sweep"""


class Device:
    """In place of timed processes."""

    def __init__(self, ms: Ms) -> None:
        self.ms, self.works = ms, list[Work]()

    def __call__(self, work: Work) -> Draw:
        rounds = [self.ms(len(self.works), number) for number in range(work.rounds)]
        self.works.append(work)
        network, product, sweep = zip(*rounds, strict=True)
        warm = np.array([network, *[product for _ in work.products], sweep], np.float64)
        return Draw(2 * warm, warm)


def run(
    monkeypatch: pytest.MonkeyPatch, ms: Ms, *, longest_s: float = 30.0, work: Work = WORK
) -> tuple[Sample, Device]:
    device = Device(ms)
    monkeypatch.setattr(sampling, "draw", device)
    told: list[int] = []
    taken = sample(work, ["net"], processes=PROCESSES, longest_s=longest_s, on_process=told.append)
    assert told == list(range(1, len(device.works) + 1))
    return taken, device


On = Callable[..., tuple[Sample, Device]]


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> On:
    return lambda ms, **options: run(monkeypatch, ms, **options)


def test_a_calm_device_is_asked_as_often_as_needed_and_not_more(on: On) -> None:
    taken, device = on(lambda process, number: CALM)
    assert len(device.works) == PROCESSES
    assert taken.rounds == taken.undisturbed == taken.counted == ASKED
    assert taken.remarks("1 thread") == []
    timed = taken.timed["net"]
    assert (timed.per_process, timed.warmups) == ((5,) * PROCESSES, 24)
    assert len({work.seed for work in device.works}) == PROCESSES


def test_it_goes_on_until_the_medians_agree(on: On) -> None:
    taken, device = on(lambda process, number: (200.0 if process in (0, 2) else 100.0, 200, 300))
    assert len(device.works) > PROCESSES
    assert taken.unsure == []
    assert taken.counted == taken.rounds


@pytest.mark.parametrize("disturbed", [(150.0, 212.0, 300.0), (150.0, 200.0, 334.0)])
def test_rounds_in_which_a_reference_was_slow_are_replaced(
    on: On, disturbed: tuple[float, float, float]
) -> None:
    taken, _ = on(lambda process, number: disturbed if process < 5 or number == 3 else CALM)
    assert taken.undisturbed == taken.counted >= ASKED
    assert set(taken.timed["net"].values) == {100.0}
    # Nothing is kept of the first five, and four of five rounds of the others.
    assert set(taken.timed["net"].per_process) == {4}
    (remark,) = taken.remarks("1 thread")
    assert isinstance(remark, Remark)
    left_out = taken.rounds - taken.counted
    assert remark.text.startswith("1 thread: something else slowed the machine down")
    assert f" in {left_out} of {taken.rounds} rounds" in remark.text


def test_first_calls_are_of_the_same_rounds_and_stand_apart(on: On) -> None:
    taken, _ = on(lambda process, number: (150.0, 212.0, 300.0) if number == 3 else CALM)
    (first,) = taken.first.values()
    assert (first.name, set(first.values)) == ("net", {200.0})
    assert first.per_process == taken.timed["net"].per_process


def test_a_network_does_not_choose_its_own_times(on: On) -> None:
    taken, _ = on(lambda process, number: (100.0 + number * 50, 200.0, 300.0))
    assert set(taken.timed["net"].values) == {100.0, 150.0, 200.0, 250.0, 300.0}


def test_time_runs_out_and_the_run_doubts_itself(on: On) -> None:
    taken, device = on(lambda process, _: (1.0 + process % 2, 2.0, 3.0), longest_s=0.0)
    assert len(device.works) == PROCESSES
    (doubt,) = taken.remarks("1 thread")
    assert isinstance(doubt, Doubt)
    assert doubt.text.startswith("1 thread: the processes differ: stop other programs")
    assert doubt.text.endswith("net to ±20%")


def test_a_device_that_is_hardly_ever_calm_is_a_doubt(on: On) -> None:
    taken, _ = on(lambda process, _: (1.0, 2.0 + process, 3.0), longest_s=0.0)
    assert (taken.rounds, taken.undisturbed, taken.counted) == (ASKED, 5, 6)
    (doubt,) = taken.remarks("1 thread")
    assert isinstance(doubt, Doubt)
    assert " in 1 of the 6 rounds that count: stop other programs" in doubt.text


def test_few_undisturbed_rounds_are_not_filled_up_with_disturbed_ones(on: On) -> None:
    taken, _ = on(lambda _, number: (1.0, 2.0, 3.0 if number else 9.0), longest_s=0.0)
    assert taken.undisturbed == taken.counted == PROCESSES * 4
    taken, _ = on(lambda _, number: (1.0, 2.0, 9.0 if number else 3.0), longest_s=0.0)
    assert taken.undisturbed == taken.counted == PROCESSES


def test_a_board_that_slows_down_for_good_is_a_doubt(on: On) -> None:
    """As one that grows hot: its cool start alone would be a figure that nobody meets again."""
    throttled, cool = (1.5, 3.0, 3.0), (1.0, 2.0, 3.0)
    taken, _ = on(lambda process, _: throttled if 11 <= process < 30 else cool)
    assert taken.undisturbed == taken.counted
    (doubt,) = taken.remarks("1 thread")
    assert isinstance(doubt, Doubt)
    assert "rounds, left out here: stop other programs, cool the board" in doubt.text


def test_fast_networks_are_timed_longer_in_each_process_that_follows(on: On) -> None:
    _, device = on(lambda process, _: (1.0 if process < 9 else 2.0, 2.0, 3.0), longest_s=0.5)
    assert {work.rounds for work in device.works[:PROCESSES]} == {WORK.rounds}
    round_s = (CALLS + 1) * (2.0 + 2.0 + 3.0) / 1e3
    assert {work.rounds for work in device.works[PROCESSES:]} == {int(0.5 / round_s)}


def test_without_a_product_the_sweep_alone_tells(on: On) -> None:
    work = Work(("net",), ("tflite-runtime",), (), threads=1, rounds=5, warmups=2, seed=100)
    taken, _ = on(lambda process, _: (1.0, 2.0 + process, 9.0 if process < 2 else 3.0), work=work)
    assert list(taken.timed) == ["net"]
    assert taken.counted == taken.rounds - 2 * 5
