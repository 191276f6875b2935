"""A network's time by kind of operator, as findings for a suite."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.measuring import operators
from benchmarks.measuring.findings import Finding, Remark
from benchmarks.measuring.timing import Measurement
from benchmarks.plan import Plan, label
from edge.errors import EdgeError
from edge.models import Model

REST = "the rest"
_SMALL_SHARE = 0.01
_SLOWEST = 5


def by_operator(plan: Plan, model: Model) -> Iterator[Finding]:
    """One thread, through LiteRT; where it gives no profile, a remark that says why."""
    try:
        profile = operators.profile(model.path, threads=1, runs=plan.times(200, 50))
    except EdgeError as error:
        yield Remark(f"{label(model)}: no profile by operator: {error}")
        return
    shown = [o for o in profile.operators if sum(o.us) >= _SMALL_SHARE * profile.whole_us]
    for operator in shown:
        yield from _row(model, operator.kind, len(operator.us), sum(operator.us), profile.whole_us)
    count = sum(len(operator.us) for operator in profile.operators if operator not in shown)
    rest_us = profile.whole_us - sum(sum(operator.us) for operator in shown)
    yield from _row(model, REST, count, rest_us, profile.whole_us)
    yield Remark(f"{label(model)}, slowest single operators: {_slowest(profile)}")


def _row(model: Model, kind: str, count: int, us: float, whole_us: float) -> Iterator[Finding]:
    row = f"{label(model)}: {kind.replace('/', ' ')}"
    yield Measurement(f"{row}/operators", "", (count,))
    yield Measurement(f"{row}/ms", "ms", (us / 1e3,))
    yield Measurement(f"{row}/of the whole", "share", (us / whole_us,))


def _slowest(profile: operators.Profile) -> str:
    """Each by its kind and its place among those of the kind."""
    single = [
        (us, f"{operator.kind} no. {place} {us / 1e3:.3f} ms")
        for operator in profile.operators
        for place, us in enumerate(operator.us, 1)
    ]
    return ", ".join(text for _, text in sorted(single, reverse=True)[:_SLOWEST])
