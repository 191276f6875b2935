"""A forecast knows what it is worth: by published figures that it has not been fitted to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.forecast.forecast import Forecaster, forecaster
from benchmarks.forecast.model import Check, Constants, Core, Cost, fit_constants, leave_one_out
from edge.models import shipped

IN_ORDER, OUT_OF_ORDER = Core("in", in_order=True), Core("out", in_order=False)


def costs(core: Core) -> dict[tuple[str, str], Cost]:
    return {
        ("light", core.name): Cost(50.0, 4.0),
        ("heavy", core.name): Cost(900.0, 300.0),
        ("dense", core.name): Cost(400.0, 10.0),
    }


def published(core: Core, constants: Constants) -> list[Check]:
    """What a board would have given that behaves exactly as the model says."""
    return [
        Check("board", core.name, 1.5, work, threads, constants.ms(cost, core, 1.5, threads), "")
        for (work, _), cost in costs(core).items()
        for threads in (1, 4)
    ]


@pytest.mark.parametrize("core", [IN_ORDER, OUT_OF_ORDER], ids=lambda core: core.name)
@given(cycles=st.floats(0.5, 3), ms_per_mb=st.floats(0.05, 2))
@settings(deadline=None, max_examples=30)
def test_the_constants_of_a_board_that_obeys_the_model_are_found(
    core: Core, cycles: float, ms_per_mb: float
) -> None:
    found = fit_constants(published(core, Constants(cycles, ms_per_mb)), costs(core), core)
    assert (found.cycles, found.ms_per_mb) == pytest.approx((cycles, ms_per_mb), rel=1e-6)


def test_memory_that_explains_nothing_is_no_bonus() -> None:
    """Where more bytes went with less time, a negative cost of theirs would be nonsense."""
    core = IN_ORDER
    checks = [replace(one, ms=one.ms - 0.1 * costs(core)[one.work, core.name].memory_mb)
              for one in published(core, Constants(1.0, 0.0))]  # fmt: skip
    assert fit_constants(checks, costs(core), core).ms_per_mb == 0


def test_a_figure_does_not_forecast_itself() -> None:
    checks = published(OUT_OF_ORDER, Constants(1.2, 0.3))
    lied = [replace(one, ms=5 * one.ms) if one.work == "light" else one for one in checks]
    true, found = (leave_one_out(c, costs(OUT_OF_ORDER), OUT_OF_ORDER) for c in (checks, lied))
    for before, after in zip(true, found, strict=True):
        if before.check.work == "light":
            assert after.ms == before.ms
            assert after.error == pytest.approx(-0.8, abs=1e-6)


def test_only_what_is_parallel_gains_by_threads() -> None:
    assert Cost(100, 0, serial_share=0.2).compute_ms(1.0, 4) == pytest.approx(40)
    both = Cost(100, 1, serial_share=1) + Cost(300, 2)
    assert (both.mcycles, both.memory_mb, both.serial_share) == (400, 3, 0.25)
    assert Constants(1, 1).ms(Cost(3, 4), OUT_OF_ORDER, 1.0, 1) == pytest.approx(5)
    assert Constants(1, 1).ms(Cost(3, 4), IN_ORDER, 1.0, 1) == pytest.approx(7)


def test_what_the_package_brings_is_good_enough_to_be_shown() -> None:
    """A new costs.json, or another figure, must not make a forecast that nobody should read."""
    trust = forecaster().trust
    assert len(trust.checked) >= 12
    assert trust.median <= 0.25
    low, high = trust.span
    assert all(low <= one.check.ms / one.ms <= high for one in trust.checked)
    assert low <= 1 <= high


def test_every_shipped_network_is_known_until_it_is_another() -> None:
    known = forecaster()
    for card in shipped():
        if card.modality in ("face", "speech"):
            network = known.network(card.name, card.parameters, card.macs)
            assert network is not None
            assert network.path == {"face": "frame", "speech": "sound"}[card.modality]
            assert known.network(card.name, card.parameters + 1, card.macs) is None


def works(known: Forecaster) -> list[Any]:
    return [
        (work, board)
        for network in known.networks
        for work in (f"net/{network.name}", f"{network.path}/{network.name}")
        for board in known.boards
    ]


def test_an_interval_holds_its_forecast_and_a_whole_is_more_than_its_network() -> None:
    known = forecaster()
    for work, board in works(known):
        one, four = (known.ms(work, board, threads) for threads in (1, 4))
        assert four <= one
        for threads, ms in ((1, one), (4, four)):
            low, high = known.interval_ms(work, board, threads)
            assert 0 < low <= ms <= high
    for network in known.networks:
        for board in known.boards:
            whole = known.ms(f"{network.path}/{network.name}", board, 1)
            assert whole > known.ms(f"net/{network.name}", board, 1)


def test_four_threads_promise_nothing_to_what_is_lighter_than_all_that_was_checked() -> None:
    known = forecaster()
    board = known.boards[-1]
    assert known.interval_ms("net/edge_net", board, 4)[1] == pytest.approx(
        known.interval_ms("net/edge_net", board, 1)[1]
    )
