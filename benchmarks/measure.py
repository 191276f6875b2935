"""Measurements that keep every value, timing that alternates its cases, ratios with their error."""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter_ns

import numpy as np
from numpy.typing import NDArray

from benchmarks.environment import Condition

UNSTABLE_SHARE = 0.10
TIME_UNITS = ("ms", "s")
# Drawn in parts, since thousands of values a thousand times over fill a board's memory.
_RESAMPLES, _PARTS = 1000, 10


@dataclass(frozen=True, slots=True)
class Measurement:
    """One quantity, with every value that was taken of it.

    name:      unique in its suite; "row/column" where it is a cell of a table
    unit:      "ms", "s", "MB", "share" (0 to 1), "" for a count
    values:    in the order they were taken, at least one, all finite
    warmups:   how many more were taken before them and dropped
    condition: the device just after, or None where it was not read
    varied:    the values differ by what was measured (the frames of a clip), not by error
    processes: how many took them, one after another and equally many each
    """

    name: str
    unit: str
    values: tuple[float, ...]
    warmups: int = 0
    condition: Condition | None = None
    varied: bool = False
    processes: int = 1

    def __post_init__(self) -> None:
        if not self.values or not all(map(math.isfinite, self.values)):
            raise ValueError(f"{self.name} needs finite values, at least one: {self.values}")
        if self.processes < 1 or len(self.values) % self.processes:
            raise ValueError(f"{self.name}: {self.processes} processes do not share its values")

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
        """How far off the median may be, as a share of it: two standard errors between the
        processes' medians. 0 for a single process, which cannot know."""
        if self.processes == 1:
            return 0.0
        medians = np.median(self.by_process(), axis=1)
        return float(2 * medians.std(ddof=1) / math.sqrt(self.processes) / abs(medians.mean()))

    def by_process(self) -> NDArray[np.float64]:
        """(processes, values of each)"""
        return np.array(self.values).reshape(self.processes, -1)

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
    names = list(cases)
    order = np.random.default_rng(seed)
    taken: dict[str, list[float]] = {name: [] for name in names}
    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        for turn in range(-warmups, rounds):
            for position in order.permutation(len(names)):
                name = names[position]
                start = clock()
                cases[name]()
                spent_ms = (clock() - start) / 1e6
                if turn >= 0:
                    taken[name].append(spent_ms)
            if on_round is not None:
                on_round(turn + warmups + 1)
    finally:
        if collecting:
            gc.enable()
    return {name: Measurement(name, "ms", tuple(taken[name]), warmups) for name in names}


def ratio(
    numerator: Measurement, denominator: Measurement, *, paired: bool = True, seed: int = 0
) -> Ratio:
    """The ratio of medians (of means where either varied), with a bootstrap's interval:
    percentiles of 1,000 resamples, of processes and of what each of them took.

    `paired`: both come from one `interleave`, whose rounds are then drawn together, so that
    what disturbed both cancels; False for two separate runs.
    """
    above, below = numerator.by_process(), denominator.by_process()
    together = paired and above.shape == below.shape
    average = np.mean if numerator.varied or denominator.varied else np.median
    rng = np.random.default_rng(seed)
    ratios = np.empty((_PARTS, _RESAMPLES // _PARTS))
    for part in ratios:
        drawn = _resamples(len(part), above.shape, rng)
        part[:] = average(above[drawn], axis=(1, 2))
        drawn = drawn if together else _resamples(len(part), below.shape, rng)
        part /= average(below[drawn], axis=(1, 2))
    low, high = np.percentile(ratios, (2.5, 97.5))
    value = average(above) / average(below)
    return Ratio(numerator.name, denominator.name, float(value), float(low), float(high))


def _resamples(
    count: int, shape: tuple[int, ...], rng: np.random.Generator
) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Indices, each (count, processes, values): of processes, and within each of its values."""
    processes = rng.integers(shape[0], size=(count, shape[0], 1))
    return processes, rng.integers(shape[1], size=(count, *shape))
