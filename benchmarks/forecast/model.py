"""Milliseconds on a board, from what a piece of work asks of its core and its memory.

Two constants a kind of core are fitted to published figures: how many cycles pass for each that
llvm-mca counts, and how long a byte takes that comes from memory. A core that runs instructions in
order waits for memory; one that runs them out of order works on meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

import numpy as np


@dataclass(frozen=True, slots=True)
class Core:
    """A kind of core. in_order: it runs instructions in the program's order"""

    name: str
    in_order: bool


@dataclass(frozen=True, slots=True)
class Board:
    name: str
    core: str
    ghz: float


@dataclass(frozen=True, slots=True)
class Cost:
    """What a piece of work asks of one kind of core.

    mcycles:      millions of cycles of its blocks of instructions, were all memory near
    memory_mb:    what passes between its last cache and memory, in 10^6 bytes
    serial_share: of the cycles, what no second thread can take over
    """

    mcycles: float
    memory_mb: float
    serial_share: float = 0.0

    def compute_ms(self, ghz: float, threads: int) -> float:
        """Were it to take the cycles that llvm-mca counts."""
        return self.mcycles / ghz * (self.serial_share + (1 - self.serial_share) / threads)

    def __add__(self, other: Cost) -> Cost:
        """One after the other."""
        mcycles = self.mcycles + other.mcycles
        serial = self.mcycles * self.serial_share + other.mcycles * other.serial_share
        return Cost(mcycles, self.memory_mb + other.memory_mb, serial / mcycles)


@dataclass(frozen=True, slots=True)
class Constants:
    """cycles: that pass for each counted one; ms_per_mb: of memory"""

    cycles: float
    ms_per_mb: float

    def ms(self, cost: Cost, core: Core, ghz: float, threads: int) -> float:
        compute = self.cycles * cost.compute_ms(ghz, threads)
        memory = self.ms_per_mb * cost.memory_mb
        return compute + memory if core.in_order else hypot(compute, memory)


@dataclass(frozen=True, slots=True)
class Check:
    """A published figure, and what it is a figure of.

    work: the name of a cost; ghz: the clock that it was published for
    """

    board: str
    core: str
    ghz: float
    work: str
    threads: int
    ms: float
    source: str


def fit_constants(
    checks: Sequence[Check], costs: dict[tuple[str, str], Cost], core: Core
) -> Constants:
    """The constants with the least squared relative error over a core's checks.

    costs: by name of the work and of the core
    """
    power = 1 if core.in_order else 2
    parts = np.array(
        [
            (cost.compute_ms(check.ghz, check.threads) / check.ms, cost.memory_mb / check.ms)
            for check in checks
            for cost in [costs[check.work, check.core]]
        ]
    )
    ones = np.ones(len(parts))
    found, *_ = np.linalg.lstsq(parts**power, ones, rcond=None)
    if found.min() < 0:  # one of them explains all
        alone, *_ = np.linalg.lstsq(parts[:, :1] ** power, ones, rcond=None)
        found = np.array([alone[0], 0.0])
    cycles, ms_per_mb = found ** (1 / power)
    return Constants(float(cycles), float(ms_per_mb))


@dataclass(frozen=True, slots=True)
class Checked:
    """A published figure beside its forecast, made without any figure of the same work."""

    check: Check
    ms: float

    @property
    def error(self) -> float:
        """As a share of the published figure; above 0 where the forecast is too slow."""
        return self.ms / self.check.ms - 1


def leave_one_out(
    checks: Sequence[Check], costs: dict[tuple[str, str], Cost], core: Core
) -> list[Checked]:
    """Each of a core's checks, by constants fitted to the checks of other work alone."""
    found = []
    for check in checks:
        others = [other for other in checks if other.work != check.work]
        constants = fit_constants(others, costs, core)
        ms = constants.ms(costs[check.work, core.name], core, check.ghz, check.threads)
        found.append(Checked(check, ms))
    return found
