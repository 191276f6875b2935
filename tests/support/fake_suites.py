"""Suites that end in every way a suite can, for the tests of what runs them."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.measuring.findings import Doubt, Finding, Matrix, Remark
from benchmarks.measuring.timing import Measurement
from benchmarks.plan import Plan
from edge.errors import EdgeError, MissingDataError

TABLE = {
    name: f"fake_suites:{name.replace('-', '_')}"
    for name in ("good", "doubts", "lacks-data", "breaks", "interrupted", "uses-plan")
}
ONE = Measurement("one", "ms", (1.0, 1.0))


def good(plan: Plan) -> Iterator[Finding]:
    plan.progress(1, 2)
    yield ONE
    yield Remark("fine")
    yield Matrix("m", ("a",), ((1,),))


def doubts(plan: Plan) -> Iterator[Finding]:
    yield ONE
    yield Doubt("the parts are not the whole: look again")


def lacks_data(plan: Plan) -> Iterator[Finding]:
    yield ONE
    raise MissingDataError("no data set: give --data")


def breaks(plan: Plan) -> Iterator[Finding]:
    yield ONE
    raise EdgeError("the work failed: mend it")


def interrupted(plan: Plan) -> Iterator[Finding]:
    yield ONE
    raise KeyboardInterrupt


def uses_plan(plan: Plan) -> Iterator[Finding]:
    yield Measurement("threads", "", (float(plan.threads),))
    yield Measurement("rounds", "", (float(plan.times(300, 40)),))
