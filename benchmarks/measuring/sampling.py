"""Times of rounds in process after process, until enough rounds were undisturbed and agree.

Whoever shares the machine slows it down for milliseconds or for minutes. Two references that
take their turns in every round tell when: a matrix product (the cores, their clock) and a sweep
through memory (the caches that are shared, and what lies behind them). Both are the same work
each time, and no network's own time decides whether that time counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring.findings import Doubt, Finding, Remark
from benchmarks.measuring.repeated import MARGIN, REMEDY
from benchmarks.measuring.timing import Measurement
from benchmarks.measuring.worker import Draw, Work, draw

PRODUCT_LIMIT, SWEEP_LIMIT = 0.05, 0.10
"""A round was disturbed where a reference took longer by more than this share than at its best."""
_SIGNS = f"a matrix product by {PRODUCT_LIMIT:.0%} or a sweep through memory by {SWEEP_LIMIT:.0%}"
_FEWEST = 0.1
"""Of the rounds asked for, so many count even if they were disturbed: the calmest ones."""
_BEST = 1  # percentile; a single fastest round is luck
_PROCESS_S = 0.5
_MOST_ROUNDS = 200


@dataclass(frozen=True, slots=True)
class Sample:
    """What the processes took.

    timed:       milliseconds by case, of the rounds that count: calls after calls of their own
    first:       likewise, of each turn's first call
    products:    as `timed`, of the matrix products, by dtype
    rounds:      so many were timed
    undisturbed: so many of them; where these are hardly any, the calmest of the others count too
    """

    timed: dict[str, Measurement]
    first: dict[str, Measurement]
    products: dict[str, Measurement]
    rounds: int
    undisturbed: int

    @property
    def counted(self) -> int:
        return len(next(iter(self.timed.values())).values)

    @property
    def unsure(self) -> list[Measurement]:
        return [measurement for measurement in self.timed.values() if measurement.margin > MARGIN]

    def remarks(self, where: str) -> list[Finding]:
        """What a reader must know of how these times came about; `where`: "1 thread"."""
        found: list[Finding] = []
        if self.unsure:
            known = "; ".join(f"{m.name} to ±{m.margin:.0%}" for m in self.unsure)
            found.append(
                Doubt(f"{where}: the processes differ: {REMEDY}: the medians are known so: {known}")
            )
        disturbed = self.rounds - self.undisturbed
        slowed = f"{where}: something else slowed the machine down ({_SIGNS}) in"
        if self.undisturbed < self.counted:
            kept = self.counted - self.undisturbed
            found.append(
                Doubt(f"{slowed} {kept} of the {self.counted} rounds that count: {REMEDY}")
            )
        elif disturbed > self.rounds / 2:
            found.append(
                Doubt(f"{slowed} {disturbed} of {self.rounds} rounds, left out here: {REMEDY}")
            )
        elif disturbed:
            found.append(Remark(f"{slowed} {disturbed} of {self.rounds} rounds, left out here"))
        return found


def sample(
    work: Work,
    names: Sequence[str],
    *,
    processes: int,
    longest_s: float,
    on_process: Callable[[int], None],
) -> Sample:
    """`processes` of them, then more for up to `longest_s` where they are disturbed or disagree.

    names: of the cases of `work`, by engine and then by model
    """
    least = processes * work.rounds
    until_s = monotonic() + longest_s
    drawn: list[Draw] = []
    while True:
        drawn.append(draw(replace(work, seed=work.seed + len(drawn))))
        on_process(len(drawn))
        if len(drawn) < processes:
            continue
        so_far = _sample(names, drawn, least, work)
        settled = so_far.undisturbed >= least and not so_far.unsure
        if settled or monotonic() >= until_s:
            return so_far
        # Fast networks do not fill the time that it takes to start a process.
        longer = min(int(_PROCESS_S / drawn[-1].round_s), _MOST_ROUNDS)
        work = replace(work, rounds=max(work.rounds, longer))


def _sample(names: Sequence[str], drawn: Sequence[Draw], least: int, work: Work) -> Sample:
    warm = np.concatenate([one.warm for one in drawn], axis=1)
    first = np.concatenate([one.first for one in drawn], axis=1)
    slowness = _slowness(warm, len(work.products))
    undisturbed = int((slowness <= 1).sum())
    counts = np.zeros(warm.shape[1], np.bool_)
    fewest = math.ceil(_FEWEST * least)
    counts[np.argsort(slowness, kind="stable")[: max(undisturbed, fewest)]] = True
    ends = np.cumsum([one.warm.shape[1] for one in drawn])[:-1]
    per_process = tuple(int(part.sum()) for part in np.split(counts, ends) if part.any())

    def measurements(names: Sequence[str], ms: NDArray[np.float64]) -> dict[str, Measurement]:
        warmups = len(per_process) * work.warmups
        return {
            name: Measurement(
                name, "ms", tuple(map(float, of_it)), warmups, per_process=per_process
            )
            for name, of_it in zip(names, ms[:, counts], strict=True)
        }

    timed = measurements(names, warm[: len(names)])
    products = measurements(work.products, warm[len(names) : -1])
    return Sample(
        timed, measurements(names, first[: len(names)]), products, warm.shape[1], undisturbed
    )


def _slowness(taken: NDArray[np.float64], products: int) -> NDArray[np.float64]:
    """Of each round: how far its references were from their best, 1 at the limit."""
    limits = [*[PRODUCT_LIMIT] * products, SWEEP_LIMIT]
    references = taken[-len(limits) :]
    best = np.percentile(references, _BEST, axis=1, keepdims=True)
    slowness: NDArray[np.float64] = ((references / best - 1) / np.array(limits)[:, None]).max(
        axis=0
    )
    return slowness
