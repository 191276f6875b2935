"""What a .tflite from elsewhere is, learned in a process of its own with bounds on it.

    python -m edge.models.probe ENGINE < FILE

A damaged or hostile file can crash the interpreter, or ask it for any amount of memory and time:
here that ends the child and becomes one sentence. The child loads the file, runs it three times
and prints its ends as JSON.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from edge.errors import ModelError
from edge.models.card import MAX_MODEL_BYTES

MEMORY_BYTES = 768_000_000
"""What loading and running it may take beyond the interpreter itself."""
SECONDS = 30.0
"""For start, loading and the runs, on the slowest board."""
RUNS = 3
REFUSED = 4
"""The child's exit status for a file that it does not run."""


@dataclass(frozen=True, slots=True)
class End:
    """An input or an output. Its values mean (value - zero_point) * scale; a scale of 0: none."""

    shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int


@dataclass(frozen=True, slots=True)
class Probe:
    """probabilities: whether every output of the runs was one (from 0, with a sum of 1)"""

    inputs: tuple[End, ...]
    outputs: tuple[End, ...]
    probabilities: bool
    seconds: float


def probe(content: bytes, name: str, engine: str = "auto") -> Probe:
    """What the file is. Raises ModelError where it cannot be run within the bounds."""
    if len(content) > MAX_MODEL_BYTES:
        raise ModelError(
            f"{name} has more than {MAX_MODEL_BYTES / 1e6:.0f} MB: give a network for small devices"
        )
    if content[4:8] != b"TFL3":
        raise ModelError(f"{name} is no .tflite file: make one with edge-convert import")
    root = str(Path(__file__).resolve().parents[2])
    command = [sys.executable, "-c", _START, root, engine]
    try:
        done = subprocess.run(
            command, input=content, capture_output=True, check=False, timeout=SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise ModelError(
            f"{name} did not answer within {SECONDS:g} s: give a smaller network"
        ) from error
    if done.returncode == REFUSED:
        raise ModelError(f"{name} is not run: {_last_words(done)}")
    if done.returncode:
        raise ModelError(f"{name} is no model this engine can run: {_reason(done)}")
    found = json.loads(done.stdout)
    return Probe(
        inputs=tuple(End(tuple(end.pop("shape")), **end) for end in found["inputs"]),
        outputs=tuple(End(tuple(end.pop("shape")), **end) for end in found["outputs"]),
        probabilities=found["probabilities"],
        seconds=found["seconds"],
    )


_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from edge.models.probe import main; main(sys.argv[2])"
)


def _reason(done: subprocess.CompletedProcess[bytes]) -> str:
    """In one clause: what ended the child, or the last thing that it said."""
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        return f"running it ended in {name}: it is damaged, or takes more than it may"
    last = _last_words(done)
    if "MemoryError" in last or "bad_alloc" in last:
        return f"it takes more than {MEMORY_BYTES / 1e6:.0f} MB of memory"
    return last


def _last_words(done: subprocess.CompletedProcess[bytes]) -> str:
    said = done.stderr.decode(errors="replace").strip().splitlines()
    return said[-1][:300] if said else "it said nothing"


def main(engine: str) -> None:
    from edge.models.classifier import _interpreter_class
    from edge.models.graph_check import by_picture

    interpreter_class = _interpreter_class(engine)
    content = sys.stdin.buffer.read()
    _limit()
    interpreter = interpreter_class(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    if reason := by_picture(interpreter):
        os.write(2, f"\n{reason}: give the network without it".encode())
        sys.exit(REFUSED)
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    rng = np.random.default_rng(0)
    probabilities, started = True, perf_counter()
    for _ in range(RUNS):
        for source in inputs:
            interpreter.set_tensor(source["index"], _made_up(source, rng))
        interpreter.invoke()
        for target in outputs:
            probabilities &= _are_probabilities(interpreter.get_tensor(target["index"]), target)
    found = {
        "inputs": [_end(source) for source in inputs],
        "outputs": [_end(target) for target in outputs],
        "probabilities": bool(probabilities),
        "seconds": (perf_counter() - started) / RUNS,
    }
    print(json.dumps(found))


def _limit() -> None:
    """From here on: a bound on memory and seconds, and no file written."""
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY_BYTES, now + MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (int(SECONDS), int(SECONDS)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _made_up(source: dict[str, Any], rng: np.random.Generator) -> np.ndarray[Any, Any]:
    dtype = np.dtype(source["dtype"])
    if dtype.kind == "f":
        return np.asarray(rng.random(source["shape"]), dtype)
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        low, high = max(limits.min, -128), min(limits.max, 255)
        return np.asarray(rng.integers(low, high + 1, source["shape"]), dtype)
    return np.zeros(source["shape"], dtype)


def _are_probabilities(values: np.ndarray[Any, Any], target: dict[str, Any]) -> bool:
    if values.dtype.kind not in "fiu":
        return False
    scale, zero_point = target["quantization"]
    meant = values.astype(np.float64)
    if scale:
        meant = (meant - zero_point) * scale
    total = float(meant.sum())
    # Each of n scores of 8 bits is off by up to half a 256th.
    return bool(meant.min() >= -1e-6 and abs(total - 1) <= 0.02 + meant.size / 400)


def _end(details: dict[str, Any]) -> dict[str, Any]:
    scale, zero_point = details["quantization"]
    return {
        "shape": [int(n) for n in details["shape"]],
        "dtype": np.dtype(details["dtype"]).name,
        "scale": float(scale),
        "zero_point": int(zero_point),
    }
