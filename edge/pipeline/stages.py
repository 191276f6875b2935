"""What each stage of a pipeline takes, for the run's health and for the benchmarks."""

from __future__ import annotations

from time import perf_counter


class StageTimer:
    """Adds up each stage's seconds: `start`, work, `lap(stage)`, work, `lap(the next)`."""

    def __init__(self, *stages: str) -> None:
        """stages: in the order of the work"""
        self._seconds = dict.fromkeys(stages, 0.0)
        self._since_s = 0.0

    @property
    def seconds(self) -> dict[str, float]:
        """Stage → seconds so far, in the order of the work."""
        return dict(self._seconds)

    def start(self) -> None:
        self._since_s = perf_counter()

    def lap(self, stage: str) -> None:
        """What was done since `start`, or the last lap, was of this stage."""
        now_s = perf_counter()
        self._seconds[stage] += now_s - self._since_s
        self._since_s = now_s
