"""A peer's side of the comparison: it answers one request at a time, in its own environment.

It needs numpy and nothing of edge's, so that it runs wherever the peer does. A request is a line
of JSON on standard input, then a picture's bytes where it has one; an answer is a line of JSON.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring.disk_usage import closure, distribution_bytes

Image = NDArray[np.uint8]


class Peer(Protocol):
    """One way from a frame to its faces' emotions."""

    def begin(self) -> None:
        """A new clip follows."""
        ...

    def see(self, frame: Image, timestamp_s: float) -> list[str]:
        """frame: uint8 (H, W, 3), BGR → the label of each face in it. This is what is timed."""
        ...

    def name(self, faces: Image) -> list[str]:
        """faces: uint8 (n, 48, 48) → the network's label of each; nothing is searched for."""
        ...


def serve(make: Callable[[], Peer]) -> None:
    """Answer on standard output until the input ends; whatever libraries print goes to errors."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    peer = make()
    asked: BinaryIO = sys.stdin.buffer
    while line := asked.readline():
        request = json.loads(line)
        answers.write(json.dumps(_answer(peer, request, asked)) + "\n")


def _answer(peer: Peer, request: dict[str, Any], asked: BinaryIO) -> dict[str, Any]:
    if request["do"] == "begin":
        peer.begin()
        return {}
    if request["do"] == "memory":
        return {"peak_rss_bytes": _peak_rss()}
    if request["do"] == "installed":
        return {name: distribution_bytes(name) for name in closure(request["names"])}
    image = _image(asked, request["shape"])
    if request["do"] == "name":
        return {"labels": peer.name(image)}
    started, cpu = perf_counter(), process_time()
    labels = peer.see(image, request["timestamp_s"])
    spent, cpu = perf_counter() - started, process_time() - cpu
    return {"ms": 1e3 * spent, "cpu_ms": 1e3 * cpu, "labels": labels}


def _image(asked: BinaryIO, shape: list[int]) -> Image:
    data = asked.read(int(np.prod(shape)))
    return np.frombuffer(data, np.uint8).reshape(shape).copy()


def _peak_rss() -> int:
    """Bytes, the kernel's own mark."""
    found = re.search(r"^VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0
