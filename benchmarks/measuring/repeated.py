"""The same work in several processes, one after another: each gets other memory, and meets the
device at another moment, so that two runs differ by no more than their intervals say."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.measuring.findings import Doubt
from benchmarks.measuring.process import watch
from benchmarks.measuring.timing import Measurement

MARGIN = 0.02
"""A typical value that may be further off than by this share is not known well enough."""
REMEDY = "stop other programs, cool the board, or run it where nobody shares the machine"
_TIMEOUT_S = 3600.0


def in_process(module: str, *arguments: str) -> Any:
    """What `python -m module arguments` prints as JSON. Raises EdgeError."""
    command = [sys.executable, "-m", module, *arguments]
    return json.loads(watch(command, timeout_s=_TIMEOUT_S).output)


def differing(measurements: Sequence[Measurement]) -> Iterator[Doubt]:
    """One, where processes disagree on any of them."""
    unsure = [m for m in measurements if m.margin > MARGIN]
    if unsure:
        known = "; ".join(f"{m.name} to ±{m.margin:.0%}" for m in unsure)
        yield Doubt(f"the processes differ: {REMEDY}: these are known so: {known}")
