"""Runs one suite and keeps whatever it found, however it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from benchmarks.measuring.environment import Condition, read_condition
from benchmarks.measuring.findings import Doubt, Finding, Matrix, Remark
from benchmarks.measuring.placement import peculiarities
from benchmarks.measuring.reliability import doubts
from benchmarks.measuring.timing import TIME_UNITS, Measurement, Ratio
from benchmarks.plan import Plan
from benchmarks.results.results import SuiteResult
from benchmarks.suites import SUITES
from edge.cli.app import INTERRUPTED
from edge.errors import EdgeError, MissingPartError
from edge.system.registry import resolve


def run_suite(
    name: str,
    plan: Plan,
    *,
    read: Callable[[], Condition] = read_condition,
    place: Callable[[], list[str]] = peculiarities,
) -> SuiteResult:
    """Run the suite `name` of `SUITES`. Raises UsageError for another name."""
    suite: Callable[[Plan], Iterable[Finding]] = resolve(SUITES, name, "suite")
    return watched(name, lambda: suite(plan), read=read, place=place)


def watched(
    name: str,
    measure: Callable[[], Iterable[Finding]],
    *,
    read: Callable[[], Condition] = read_condition,
    place: Callable[[], list[str]] = peculiarities,
) -> SuiteResult:
    """What `measure` finds, reading the device before, after every finding, and at the end.

    A missing part makes the suite "skipped", any other EdgeError "failed" and Ctrl-C
    "interrupted", each with what was found up to then.
    """
    before = read()
    found: list[Finding] = []
    status, reason, exit_code = "done", "", 0
    try:
        for finding in measure():
            if isinstance(finding, Measurement):
                finding = replace(finding, condition=read())
            found.append(finding)
    except KeyboardInterrupt:
        status, reason, exit_code = "interrupted", "stopped by Ctrl-C", INTERRUPTED
    except MissingPartError as error:
        status, reason, exit_code = "skipped", str(error), error.exit_code
    except EdgeError as error:
        status, reason, exit_code = "failed", str(error), error.exit_code
    after = read()
    measurements = tuple(f for f in found if isinstance(f, Measurement))
    doubted = doubts(before, after, measurements)
    if any(m.unit in TIME_UNITS for m in measurements):
        doubted += place()
    doubted += [f.text for f in found if isinstance(f, Doubt)]
    return SuiteResult(
        name,
        status,
        before,
        after,
        measurements,
        tuple(f for f in found if isinstance(f, Ratio)),
        tuple(f for f in found if isinstance(f, Matrix)),
        tuple(f for f in found if isinstance(f, Remark)),
        tuple(dict.fromkeys(doubted)),
        reason,
        exit_code,
    )
