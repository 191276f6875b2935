"""Whole runs of several versions, in turn: peak memory and CPU time, for decision 0017.

    python docs/decisions/0017_runs.py TIMES CAMERA TREE...

A TREE is a clone with its own .venv; CAMERA is what `edge run --camera` takes. CPU time is of all
threads, to the first event in steps of 10 ms: the least of TIMES runs; the peak is their median.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path

_RUN = "-W ignore -m edge run --model edge_net --log none --output jsonl --frames 100 --camera"


def _one(tree: Path, camera: str) -> tuple[float, float, float]:
    """Peak in MB of 10^6 bytes, CPU s to the first event, CPU s of the whole run."""
    command = [str(tree / ".venv/bin/python"), *_RUN.split(), camera]
    run = subprocess.Popen(
        command, cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert run.stdout is not None  # opened as a pipe
    run.stdout.readline()
    fields = Path(f"/proc/{run.pid}/stat").read_text().rpartition(")")[2].split()
    first_s = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    run.stdout.read()
    _, _, usage = os.wait4(run.pid, 0)
    return usage.ru_maxrss * 1024 / 1e6, first_s, usage.ru_utime + usage.ru_stime


def main() -> None:
    times, camera, trees = int(sys.argv[1]), sys.argv[2], [Path(name) for name in sys.argv[3:]]
    taken: dict[Path, list[tuple[float, float, float]]] = {tree: [] for tree in trees}
    for number in range(times):
        for tree in trees if number % 2 else trees[::-1]:
            taken[tree].append(_one(tree, camera))
    print("tree, peak MB, CPU s to the first event, CPU s of the run")
    for tree, runs in taken.items():
        peaks, first, whole = zip(*runs, strict=True)
        print(f"{tree.name}, {statistics.median(peaks):.1f}, {min(first):.2f}, {min(whole):.2f}")


if __name__ == "__main__":
    main()
