"""Networks timed in processes of their own, one after another.

Their medians differ: each process has other memory, and meets the device at another moment. One
says what it met; the median over several of them comes nearer to what is met the next day.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

CALLS = 5
"""In a turn. The first finds the caches full of other things and pays for it; after the fourth
even a network larger than the nearest caches takes no less."""
SWEEP_BYTES = 16 * 2**20
"""What is read through in every round: more than the caches of a board hold."""
_POLL_S = 0.05
_TIMEOUT_S = 3600.0


@dataclass(frozen=True, slots=True)
class Work:
    """What one process does: every model through every engine, products, a sweep, in turn.

    models:   .tflite paths or names
    products: dtypes of the matrix products (benchmarks/measuring/matmul.py), which take turns too
    rounds:   timed ones, after `warmups`
    """

    models: tuple[str, ...]
    engines: tuple[str, ...]
    products: tuple[str, ...]
    threads: int
    rounds: int
    warmups: int
    seed: int


@dataclass(frozen=True, slots=True)
class Draw:
    """What one process took, in milliseconds (cases, rounds): the networks by engine and then by
    model, then the products, at last the sweep.

    first: the first call of each turn, after other cases
    warm:  its last call, after others of the same case
    """

    first: NDArray[np.float64]
    warm: NDArray[np.float64]

    @property
    def round_s(self) -> float:
        """Seconds that a round takes, about."""
        spent_ms = self.first + (CALLS - 1) * self.warm
        return float(spent_ms.sum(axis=0).mean()) / 1e3


def draw(work: Work) -> Draw:
    """Have a process do it. Raises EdgeError."""
    from benchmarks.measuring.process import watch

    command = [sys.executable, "-m", "benchmarks.measuring.worker", json.dumps(asdict(work))]
    output = json.loads(watch(command, timeout_s=_TIMEOUT_S, poll_s=_POLL_S).output)
    return Draw(np.array(output["first"]), np.array(output["warm"]))


def _timed(work: Work) -> Draw:
    from benchmarks.measuring.matmul import matmul
    from benchmarks.measuring.timing import turns
    from edge.models import find
    from edge.models.classifier import Classifier

    rng = np.random.default_rng(work.seed)
    face = rng.integers(0, 256, (48, 48), np.uint8)
    networks = [(engine, model) for engine in work.engines for model in work.models]
    cases: dict[str, Callable[[], object]] = {}
    with ExitStack() as stack:
        # In a new order each time: which memory a network gets depends on what is there before it.
        for number in rng.permutation(len(networks)):
            engine, model = networks[number]
            classifier = Classifier(find(model), threads=work.threads, engine=engine)
            stack.callback(classifier.close)
            cases[str(number)] = partial(classifier.classify, face)
        for dtype in work.products:
            cases[dtype] = matmul(dtype, threads=work.threads)
        cases["sweep"] = np.ones(SWEEP_BYTES // 8).sum
        taken = turns(cases, rounds=work.rounds, warmups=work.warmups, calls=CALLS, seed=work.seed)
    names = [*map(str, range(len(networks))), *work.products, "sweep"]
    ms = np.array([taken[name] for name in names])
    return Draw(ms[:, :, 0], ms[:, :, -1])


if __name__ == "__main__":
    done = _timed(Work(**json.loads(sys.argv[1])))
    print(json.dumps({"first": done.first.tolist(), "warm": done.warm.tolist()}))
