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

SWEEP_BYTES = 16 * 2**20
"""What is read through in every round: more than the caches of a board hold."""
_POLL_S = 0.05
_TIMEOUT_S = 3600.0


@dataclass(frozen=True, slots=True)
class Work:
    """What one process does: every model through every engine, products, a sweep, in turn.

    models:   .tflite paths or names
    products: dtypes of the matrix products (benchmarks/product.py) that take their turns too
    rounds:   timed ones, after `warmups`
    """

    models: tuple[str, ...]
    engines: tuple[str, ...]
    products: tuple[str, ...]
    threads: int
    rounds: int
    warmups: int
    seed: int


def draw(work: Work) -> list[tuple[float, ...]]:
    """Milliseconds of each round: by engine and then by model, then the products, then the sweep.

    Raises EdgeError.
    """
    from benchmarks.process import watch

    command = [sys.executable, "-m", "benchmarks.draws", json.dumps(asdict(work))]
    told = json.loads(watch(command, timeout_s=_TIMEOUT_S, poll_s=_POLL_S).output)
    return [tuple(values) for values in told]


def _timed(work: Work) -> list[tuple[float, ...]]:
    from benchmarks.measure import interleave
    from benchmarks.product import product
    from edge.inference import Classifier
    from edge.models import find

    face = np.random.default_rng(work.seed).integers(0, 256, (48, 48), np.uint8)
    models = [find(model) for model in work.models]
    cases: dict[str, Callable[[], object]] = {}
    with ExitStack() as stack:
        for engine in work.engines:
            for model in models:
                classifier = Classifier(model, threads=work.threads, engine=engine)
                stack.callback(classifier.close)
                cases[str(len(cases))] = partial(classifier.classify, face)
        for dtype in work.products:
            cases[dtype] = product(dtype, threads=work.threads)
        cases["sweep"] = np.ones(SWEEP_BYTES // 8).sum
        taken = interleave(cases, rounds=work.rounds, warmups=work.warmups, seed=work.seed)
    return [measurement.values for measurement in taken.values()]


if __name__ == "__main__":
    print(json.dumps(_timed(Work(**json.loads(sys.argv[1])))))
