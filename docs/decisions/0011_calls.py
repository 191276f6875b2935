"""Which call of a turn says the same a minute later?

    python docs/decisions/0011_calls.py [--minutes 5]

The shipped networks, a matrix product and a sweep through memory take random turns of eight calls
in process after process, as in `edge-bench run latency`. Ten equal parts of the time each have a
median for each call; how far the lowest and the highest of the ten lie apart is told, beside the
scatter of the processes' medians.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring.matmul import product
from benchmarks.measuring.timing import turns
from benchmarks.measuring.worker import SWEEP_BYTES
from edge.models import find
from edge.models.classifier import Classifier

NETWORKS = ("edge_net", "cnn_lstm", "cnn")
CALLS, ROUNDS, WARMUPS, PARTS = 8, 25, 5, 10


def one(seed: int) -> dict[str, list[list[float]]]:
    """case → milliseconds (rounds, calls)"""
    face = np.random.default_rng(seed).integers(0, 256, (48, 48), np.uint8)
    cases: dict[str, Callable[[], object]] = {
        name: partial(Classifier(find(name), threads=1).classify, face) for name in NETWORKS
    }
    cases["matrix product"] = product("int8", threads=1)
    cases["sweep of 16 MB"] = np.ones(SWEEP_BYTES // 8).sum
    taken = turns(cases, rounds=ROUNDS, warmups=WARMUPS, calls=CALLS, seed=seed)
    return {name: ms.tolist() for name, ms in taken.items()}


def drawn(minutes: float) -> dict[str, NDArray[np.float64]]:
    """case → milliseconds (processes, rounds, calls)"""
    until_s = time.monotonic() + minutes * 60
    told: list[dict[str, list[list[float]]]] = []
    while time.monotonic() < until_s or len(told) < PARTS:
        command = [sys.executable, __file__, "--seed", str(len(told))]
        told.append(json.loads(subprocess.check_output(command)))
        print(f"\r{len(told)} processes", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return {name: np.array([process[name] for process in told]) for name in told[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seed", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.seed is not None:
        print(json.dumps(one(given.seed)))
        return
    print(
        "| case | call | ms | apart, of ten parts | scatter of processes |\n|---|---|---|---|---|"
    )
    for name, ms in drawn(given.minutes).items():
        for call in range(CALLS):
            parts = [np.median(part) for part in np.array_split(ms[:, :, call], PARTS)]
            processes = np.median(ms[:, :, call], axis=1)
            print(
                f"| {name} | {call + 1} | {np.median(ms[:, :, call]):.3f} "
                f"| {max(parts) / min(parts) - 1:.1%} | {processes.std() / processes.mean():.1%} |"
            )


if __name__ == "__main__":
    main()
