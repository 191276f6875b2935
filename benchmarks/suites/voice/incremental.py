"""What keeping the old feature frames saves: a step's new sound against its whole window again.

Printed by a process of its own with one BLAS thread, in CPU time of that thread: of several
threads only the window's larger product makes use, and how well depends on what else runs.
"""

from __future__ import annotations

import json
import sys
from functools import partial
from time import thread_time_ns

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring.process import watch
from benchmarks.measuring.timing import Measurement, interleave
from edge.audio.feature_settings import FeatureSettings
from edge.audio.features import Features
from edge.models import find
from edge.settings.sections import Settings
from edge.sources.audio import SAMPLE_RATE_HZ

CHUNK = SAMPLE_RATE_HZ // 10
_ONE_THREAD = ("OPENBLAS_NUM_THREADS=1", "OMP_NUM_THREADS=1", "VECLIB_MAXIMUM_THREADS=1")


def measured(model: str, *, rounds: int, seed: int) -> tuple[list[float], list[float]]:
    """CPU ms of a step's new frames, and of all its window's frames. Raises EdgeError."""
    own = [sys.executable, "-m", __name__, model, str(rounds), str(seed)]
    new, again = json.loads(watch(["env", *_ONE_THREAD, *own]).output)
    return new, again


def push(features: Features, samples: NDArray[np.float32]) -> None:
    """In the chunks that a microphone delivers."""
    for start in range(0, len(samples), CHUNK):
        features.push(samples[start : start + CHUNK])


def _from_scratch(features: Features, window: NDArray[np.float32]) -> None:
    features.reset()
    features.push(window)


def _compared(feature_settings: FeatureSettings, rounds: int, seed: int) -> list[Measurement]:
    rng = np.random.default_rng(seed)
    window = rng.normal(0, 0.1, round(feature_settings.window_s * SAMPLE_RATE_HZ)).astype(
        np.float32
    )
    step = window[: round(Settings().mic.step_s * SAMPLE_RATE_HZ)]
    cases = {
        "new": partial(push, Features(feature_settings), step),
        "anew": partial(_from_scratch, Features(feature_settings), window),
    }
    timed = interleave(cases, rounds=rounds, warmups=10, seed=seed, clock=thread_time_ns)
    return list(timed.values())


if __name__ == "__main__":
    compared = _compared(find(sys.argv[1]).card.features, int(sys.argv[2]), int(sys.argv[3]))
    print(json.dumps([each.values for each in compared]))
