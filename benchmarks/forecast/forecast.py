"""The boards, the published figures and the costs that come with the package, put together."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.forecast.model import (
    Board,
    Check,
    Checked,
    Constants,
    Core,
    Cost,
    fit_constants,
    leave_one_out,
)

THREADS = (1, 4)
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Network:
    """A network whose costs are known.

    parameters, macs: by which it is known: other weights cost the same
    path:   what it is a part of: "frame", of video with one face, or "sound", a window of it
    """

    name: str
    parameters: int
    macs: int
    path: str


@dataclass(frozen=True, slots=True)
class Trust:
    """How far the checks were off, by forecasts that knew nothing of the checked work."""

    checked: tuple[Checked, ...]

    @property
    def median(self) -> float:
        return float(np.median([abs(one.error) for one in self.checked]))

    @property
    def worst(self) -> float:
        return max(abs(one.error) for one in self.checked)

    @property
    def span(self) -> tuple[float, float]:
        """What to multiply a forecast by for the interval that every check falls into.

        All of them, for what is forecast is lighter than anything that was checked.
        """
        published = [one.check.ms / one.ms for one in self.checked]
        return min(1.0, *published), max(1.0, *published)

    def sentence(self) -> str:
        return (
            f"checked on {len(self.checked)} published figures of these boards, each forecast "
            f"without those of its own network: median error {self.median:.0%}, worst "
            f"{self.worst:.0%}; the intervals are wide enough for all of them"
        )


class Forecaster:
    """Forecasts of all the costs that are known. Cheap to make; `forecaster` keeps one."""

    def __init__(self) -> None:
        known = tomllib.loads((_HERE / "published.toml").read_text(encoding="utf-8"))
        measured = json.loads((_HERE / "costs.json").read_text(encoding="utf-8"))
        self.boards = tuple(Board(**board) for board in known["board"])
        self.cores = {core["name"]: Core(**core) for core in known["core"]}
        self.made_with: str = measured["made_with"]
        self.costs = {
            (work, core): Cost(*figures)
            for work, by_core in measured["costs"].items()
            for core, figures in by_core.items()
        }
        self.networks = tuple(Network(name, **of) for name, of in measured["networks"].items())
        for network in self.networks:
            for core in self.cores:
                alone = self.costs[f"net/{network.name}", core]
                whole = self.costs[f"path/{network.path}", core] + alone
                self.costs[f"{network.path}/{network.name}", core] = whole
        self.checks = tuple(_checks(known))
        self.macs: dict[str, int] = known["macs"]
        self.constants = {name: self._fitted(name) for name in self.cores}
        self.trust = Trust(tuple(self._checked()))

    def network(self, name: str, parameters: int, macs: int) -> Network | None:
        """This network, retrained or not; None for another that has its name."""
        wanted = (network for network in self.networks if network.name == name)
        return next((n for n in wanted if (n.parameters, n.macs) == (parameters, macs)), None)

    def ms(self, work: str, board: Board, threads: int) -> float:
        core = self.cores[board.core]
        cost = self.costs[work, core.name]
        return self.constants[core.name].ms(cost, core, board.ghz, threads)

    def interval_ms(self, work: str, board: Board, threads: int) -> tuple[float, float]:
        """Lowest and highest. Work lighter than anything checked at several threads may gain
        nothing by them: its interval goes up to that of one thread."""
        low, high = self.trust.span
        least = min(
            self.costs[check.work, check.core].mcycles
            for check in self.checks
            if check.core == board.core and check.threads > 1
        )
        lighter = self.costs[work, board.core].mcycles < least
        slowest = 1 if lighter else threads
        return low * self.ms(work, board, threads), high * self.ms(work, board, slowest)

    def _of_core(self, name: str) -> list[Check]:
        return [check for check in self.checks if check.core == name]

    def _fitted(self, name: str) -> Constants:
        return fit_constants(self._of_core(name), self.costs, self.cores[name])

    def _checked(self) -> Iterator[Checked]:
        for name, core in self.cores.items():
            yield from leave_one_out(self._of_core(name), self.costs, core)


@cache
def forecaster() -> Forecaster:
    return Forecaster()


def _checks(known: dict[str, list[dict[str, object]]]) -> Iterator[Check]:
    boards = {board["name"]: board for board in known["board"]}
    for row in known["figure"]:
        board = boards[row["board"]]
        for threads in THREADS:
            if (ms := row.get(f"ms_{threads}")) is not None:
                yield Check(
                    board=str(board["name"]),
                    core=str(board["core"]),
                    ghz=float(str(row.get("ghz", board["ghz"]))),
                    work=str(row["work"]),
                    threads=threads,
                    ms=float(str(ms)),
                    source=str(row["source"]),
                )
