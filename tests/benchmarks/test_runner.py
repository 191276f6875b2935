"""However a suite ends, what it found is kept and its reason is said."""

from __future__ import annotations

from dataclasses import replace

import fake_suites
import pytest

from benchmarks import runner
from benchmarks.measuring.environment import Condition
from benchmarks.plan import Plan
from benchmarks.runner import run_suite
from edge.errors import UsageError

CONDITION = Condition("performance", None, None, 50.0, 0, 0.0, None, 0.0, None, None, 0.0)


@pytest.fixture(autouse=True)
def _fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "SUITES", fake_suites.TABLE)


@pytest.mark.parametrize(
    ("name", "status", "exit_code", "reason"),
    [
        ("good", "done", 0, ""),
        ("lacks-data", "skipped", 3, "no data set: give --data"),
        ("breaks", "failed", 1, "the work failed: mend it"),
        ("interrupted", "interrupted", 130, "stopped by Ctrl-C"),
    ],
)
def test_every_end_keeps_what_was_found(
    name: str, status: str, exit_code: int, reason: str
) -> None:
    result = run_suite(name, Plan(), read=lambda: CONDITION, place=list)
    assert (result.status, result.exit_code, result.reason) == (status, exit_code, reason)
    assert [m.name for m in result.measurements] == ["one"]


def test_the_device_is_read_before_during_and_after() -> None:
    readings = iter(replace(CONDITION, temperature_c=float(t)) for t in (50, 85, 60))
    result = run_suite("good", Plan(), read=lambda: next(readings), place=list)
    assert result.before.temperature_c == 50
    assert result.measurements[0].condition is not None
    assert result.measurements[0].condition.temperature_c == 85
    assert result.after.temperature_c == 60
    assert len(result.doubts) == 1
    assert "85 °C" in result.doubts[0]


def test_where_it_ran_casts_doubt_on_times() -> None:
    result = run_suite("good", Plan(), read=lambda: CONDITION, place=lambda: ["pinned: say so"])
    assert result.doubts == ("pinned: say so",)


def test_findings_are_sorted_by_kind() -> None:
    result = run_suite("good", Plan(), read=lambda: CONDITION, place=list)
    assert [r.text for r in result.remarks] == ["fine"]
    assert [m.name for m in result.matrices] == ["m"]


def test_a_suite_may_doubt_itself() -> None:
    result = run_suite("doubts", Plan(), read=lambda: CONDITION, place=list)
    assert result.doubts == ("the parts are not the whole: look again",)


def test_a_name_that_is_no_suite_lists_the_suites() -> None:
    with pytest.raises(UsageError, match="choose one of good, doubts, lacks-data"):
        run_suite("nope", Plan())
