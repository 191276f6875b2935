"""Two runs held against each other: what became worse or better, beyond the noise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.measuring.timing import TIME_UNITS, Measurement, Ratio, ratio
from benchmarks.results.results import Report
from edge.errors import UsageError

# Less is better of these units; more is, of what these suites measure. The other figures
# (frames counted, rates that follow from times, shares of a whole) are neither.
_COSTS = ("ms", "s", "MB")
_GAINS = ("accuracy", "noise", "preprocessing")


@dataclass(frozen=True, slots=True)
class Change:
    """One figure in both runs; `ratio` is new to old."""

    suite: str
    old: Measurement
    new: Measurement
    ratio: Ratio

    @property
    def verdict(self) -> str:
        """ "worse", "better", or "" where the interval leaves it open."""
        if self.new.unit in TIME_UNITS and len(self.old.values) == len(self.new.values) == 1:
            return ""  # a time taken once has no interval
        worse, better = self.ratio.low > 1, self.ratio.high < 1
        if self.new.unit not in _COSTS:
            worse, better = better, worse
        return "worse" if worse else "better" if better else ""

    def loss(self) -> float:
        """By which share the new run is worse; negative where it is better."""
        change = self.ratio.value - 1
        return change if self.new.unit in _COSTS else -change


@dataclass(frozen=True, slots=True)
class Comparison:
    """`doubts`: why the ratios may say nothing about what was changed."""

    changes: tuple[Change, ...]
    doubts: tuple[str, ...]

    def worse(self, limit: float) -> list[Change]:
        """The figures that are worse beyond their noise, and by more than `limit`."""
        return [c for c in self.changes if c.verdict == "worse" and c.loss() > limit]

    def as_dict(self) -> dict[str, Any]:
        changes = [
            {
                "suite": change.suite,
                "name": change.new.name,
                "unit": change.new.unit,
                "old": change.old.typical,
                "new": change.new.typical,
                "verdict": change.verdict,
                **{key: asdict(change.ratio)[key] for key in ("value", "low", "high")},
            }
            for change in self.changes
        ]
        return {"changes": changes, "doubts": list(self.doubts)}


def compare(old: Report, new: Report) -> Comparison:
    """Every cost and every gain that both runs measured, in the new one's order."""
    before = {(suite, m.name, m.unit): m for suite, m in _compared(old)}
    others = [re.compile(rf"\b{re.escape(name)}\b") for name in _other_files(old, new)]
    changes = []
    for suite, measurement in _compared(new):
        if any(name.search(measurement.name) for name in others):
            continue
        past = before.get((suite, measurement.name, measurement.unit))
        if past is not None and past.typical > 0:
            changes.append(Change(suite, past, measurement, ratio(measurement, past, paired=False)))
    return Comparison(tuple(changes), tuple(_doubts(old, new)))


def parse_share(text: str) -> float:
    """ "10%" or "0.1". Raises UsageError."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", text)
    if found is None:
        raise UsageError(f"--fail-over {text!r} is no share: write 10% or 0.1")
    return float(found[1]) / (100 if found[2] else 1)


def _compared(report: Report) -> Iterator[tuple[str, Measurement]]:
    for suite in report.suites:
        for measurement in suite.measurements:
            if measurement.unit in _COSTS or suite.name in _GAINS:
                yield suite.name, measurement


def _other_files(old: Report, new: Report) -> list[str]:
    """Networks of one name that are not the same file in both."""
    hashes = {model.name: model.sha256 for model in old.models}
    return [m.name for m in new.models if hashes.get(m.name, m.sha256) != m.sha256]


def _doubts(old: Report, new: Report) -> Iterator[str]:
    for what in ("board", "cpu", "cores"):
        a, b = getattr(old.machine, what), getattr(new.machine, what)
        if a != b:
            yield f"another {what} ({a}, then {b}): compare runs of one machine"
    for name in _other_files(old, new):
        yield f"the model {name} is another file: its figures are left out"
    for name, report in (("old", old), ("new", new)):
        count = sum(len(suite.doubts) for suite in report.suites)
        if count:
            yield f"the {name} run doubts itself ({count} doubts): see what it says, run it again"
