"""Measurements that keep every value, timing that alternates its cases, ratios with their error."""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter_ns

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring.environment import Condition

UNSTABLE_SHARE = 0.10
TIME_UNITS = ("ms", "s")
_RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Measurement:
    """One quantity, with every value that was taken of it.

    name:      unique in its suite; "row/column" where it is a cell of a table
    unit:      "ms", "s", "MB", "share" (0 to 1), "" for a count
    values:    in the order they were taken, at least one, all finite
    warmups:   how many more were taken before them and dropped
    condition: the device just after, or None where it was not read
    varied:    the values differ by what was measured (the frames of a clip), not by error
    per_process: how many values each process took, in order, where several did; else empty
    """

    name: str
    unit: str
    values: tuple[float, ...]
    warmups: int = 0
    condition: Condition | None = None
    varied: bool = False
    per_process: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.values or not all(map(math.isfinite, self.values)):
            raise ValueError(f"{self.name} needs finite values, at least one: {self.values}")
        if self.per_process and sum(self.per_process) != len(self.values):
            raise ValueError(
                f"{self.name}: its processes took {sum(self.per_process)}, not {len(self.values)}"
            )

    @property
    def median(self) -> float:
        return self._percentile(50)

    @property
    def typical(self) -> float:
        """The median; of a clip's frames the mean, since all of them have to be paid for."""
        return self.mean if self.varied else self.median

    @property
    def p95(self) -> float:
        return self._percentile(95)

    @property
    def p99(self) -> float:
        return self._percentile(99)

    @property
    def minimum(self) -> float:
        return min(self.values)

    @property
    def mean(self) -> float:
        return math.fsum(self.values) / len(self.values)

    @property
    def stdev(self) -> float:
        """Of the sample (n − 1); 0 for a single value."""
        if len(self.values) == 1:
            return 0.0
        return float(np.std(self.values, ddof=1))

    @property
    def unstable(self) -> bool:
        """Whether the values scatter by a tenth of their mean or more, and should not."""
        if self.varied or self.stdev == 0:
            return False
        return self.stdev >= UNSTABLE_SHARE * abs(self.mean)

    @property
    def margin(self) -> float:
        """How far off `typical` may be, as a share of it: two standard errors between the
        processes' own, each weighted by its count. 0 of one process, which cannot know."""
        each, weights = self.by_process(), np.array(self.per_process, np.float64)
        if len(each) < 2:
            return 0.0
        middle = np.average(each, weights=weights)
        squares = np.square(weights * (each - middle)).sum()
        error = math.sqrt(squares * len(each) / (len(each) - 1)) / weights.sum()
        return float(2 * error / abs(middle))

    def by_process(self) -> NDArray[np.float64]:
        """Each process's median; of a clip's frames its mean."""
        average = np.mean if self.varied else np.median
        ends = np.cumsum(self.per_process)[:-1]
        return np.array([average(part) for part in np.split(np.array(self.values), ends)])

    def _percentile(self, percent: float) -> float:
        return float(np.percentile(self.values, percent))


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times `denominator` is typically `numerator`, with its confidence interval."""

    numerator: str
    denominator: str
    value: float
    low: float
    high: float
    confidence: float = 0.95


def interleave(
    cases: Mapping[str, Callable[[], object]],
    *,
    rounds: int,
    warmups: int,
    seed: int = 0,
    on_round: Callable[[int], None] | None = None,
    clock: Callable[[], int] = perf_counter_ns,
) -> dict[str, Measurement]:
    """Time the cases alternately, in a new random order each round, so that ratios are fair.

    What disturbs the machine for a while disturbs all cases alike, and none profits from a
    fixed predecessor. Each call is timed alone, so it finds the caches as the others left
    them: as between two frames of a video. Returns milliseconds by case, in `cases`' order.

    clock: in ns; a CPU's clock leaves out the time that other programs take
    """
    taken = turns(cases, rounds=rounds, warmups=warmups, seed=seed, on_round=on_round, clock=clock)
    return {
        name: Measurement(name, "ms", tuple(map(float, ms[:, 0])), warmups)
        for name, ms in taken.items()
    }


def turns(
    cases: Mapping[str, Callable[[], object]],
    *,
    rounds: int,
    warmups: int,
    calls: int = 1,
    seed: int = 0,
    on_round: Callable[[int], None] | None = None,
    clock: Callable[[], int] = perf_counter_ns,
) -> dict[str, NDArray[np.float64]]:
    """As `interleave`, with so many calls in each turn, each timed alone: the first finds the
    caches as the other cases left them, the later ones as the case itself did.

    Returns milliseconds by case: (rounds, calls).
    """
    names = list(cases)
    order = np.random.default_rng(seed)
    taken: dict[str, NDArray[np.float64]] = {n: np.empty((rounds, calls)) for n in names}
    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        for turn in range(-warmups, rounds):
            for position in order.permutation(len(names)):
                name = names[position]
                for call in range(calls):
                    start = clock()
                    cases[name]()
                    spent_ns = clock() - start
                    if turn >= 0:
                        taken[name][turn, call] = spent_ns / 1e6
            if on_round is not None:
                on_round(turn + warmups + 1)
    finally:
        if collecting:
            gc.enable()
    return taken


def ratio(
    numerator: Measurement, denominator: Measurement, *, paired: bool = True, seed: int = 0
) -> Ratio:
    """The ratio of medians (of means where either varied), with a bootstrap's interval:
    percentiles of 1,000 resamples, of processes where several took the values.

    `paired`: both come from one `interleave`, whose rounds are then drawn together, so that
    what disturbed both cancels; False for two separate runs.
    """
    above, below = np.array(numerator.values), np.array(denominator.values)
    together = (
        paired and len(above) == len(below) and numerator.per_process == denominator.per_process
    )
    average = np.mean if numerator.varied or denominator.varied else np.median
    rng = np.random.default_rng(seed)
    # A single value resampled is itself.
    ratios = np.empty(_RESAMPLES if max(len(above), len(below)) > 1 else 1)
    for number in range(len(ratios)):
        drawn = _resample(numerator, rng)
        ratios[number] = average(above[drawn])
        ratios[number] /= average(below[drawn if together else _resample(denominator, rng)])
    low, high = np.percentile(ratios, (2.5, 97.5))
    value = average(above) / average(below)
    return Ratio(numerator.name, denominator.name, float(value), float(low), float(high))


def _resample(measurement: Measurement, rng: np.random.Generator) -> NDArray[np.int_]:
    """Indices of as many values; where processes took them, all of each that is drawn."""
    if len(measurement.per_process) < 2:
        n = len(measurement.values)
        return rng.integers(n, size=n)
    per_process = np.array(measurement.per_process)
    processes = rng.integers(len(per_process), size=len(per_process))
    counts = per_process[processes]
    starts = np.cumsum(per_process) - per_process
    shifts = starts[processes] - (np.cumsum(counts) - counts)
    return np.repeat(shifts, counts) + np.arange(counts.sum())
