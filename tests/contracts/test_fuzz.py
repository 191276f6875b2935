"""A short run of the fuzzer: nothing from outside ends the process, whatever became of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from rigs.broker import broker
from rigs.fuzz import fuzz
from rigs.fuzz_targets import TARGETS


@pytest.mark.parametrize("target", TARGETS)
def test_damage_is_a_result_or_a_sentence(target: str, tmp_path: Path) -> None:
    """Always the same attempts: a fault that is found stays found."""
    if target == "messages":  # skips where there is none
        with broker(tmp_path):
            pass
    tally = fuzz(target, attempts=TARGETS[target].attempts)
    assert not tally.faults
    assert tally.done == TARGETS[target].attempts
