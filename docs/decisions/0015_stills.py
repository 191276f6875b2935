"""Decision 0015's table of stills: python docs/decisions/0015_stills.py DATA [COUNT]"""

import sys
from pathlib import Path

import cv2

from benchmarks.measuring.timing import Measurement
from benchmarks.plan import Plan
from benchmarks.suites.face_search.recall import stills


def main() -> None:
    data, count = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 600
    cv2.setNumThreads(1)
    rows: dict[str, list[str]] = {}
    for finding in stills(Plan(models=(), data=data, seed=1), count):
        if isinstance(finding, Measurement):
            row, column = finding.name.split("/", 1)
            if not rows.get(row):
                print(f"{row}:", flush=True)
            rows.setdefault(row, []).append(column)
            print(f"    {column}: {finding.median:.3f}", flush=True)
        else:
            print(finding)


main()
