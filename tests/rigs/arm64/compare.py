"""Whether two machines say the same: the same labels, and scores within 0.01.

python compare.py HERE.json THERE.json       exits with 1 where they do not
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

LIMIT = 1e-2


def of_model(here: dict[str, Any], there: dict[str, Any]) -> tuple[int, int, float]:
    """Inputs, other labels, and the largest difference of a score."""
    if here["labels"] != there["labels"]:
        return len(here["scores"]), len(here["scores"]), 1.0
    a, b = np.array(here["scores"]), np.array(there["scores"])
    others = int((a.argmax(axis=1) != b.argmax(axis=1)).sum())
    return len(a), others, float(np.abs(a - b).max())


def of_run(here: list[dict[str, Any]], there: list[dict[str, Any]]) -> tuple[int, int, float]:
    """As `of_model`, of events; one that the other does not have counts as another label."""
    others, worst = abs(len(here) - len(there)), 0.0
    for a, b in zip(here, there, strict=False):
        same = ("modality", "track_id", "label", "model")
        if any(a[key] != b[key] for key in same) or a["scores"].keys() != b["scores"].keys():
            others += 1
            continue
        worst = max([worst, *(abs(a["scores"][name] - b["scores"][name]) for name in a["scores"])])
    return len(here), others, worst


def main() -> int:
    here, there = (json.loads(Path(path).read_text()) for path in sys.argv[1:3])
    print(f"{here['machine']} beside {there['machine']}: label, and largest difference of a score")
    rows = [
        (f"{kind} {name}", judge(here[f"{kind}s"][name], found))
        for kind, judge in (("model", of_model), ("run", of_run))
        for name, found in there[f"{kind}s"].items()
    ]
    whole = all(here[kind].keys() == there[kind].keys() for kind in ("models", "runs"))
    for name, (count, others, worst) in rows:
        print(f"  {name:<24} {count:4d} compared, {others} otherwise, {worst:.6f}")
    same = all(count and not others and worst <= LIMIT for _, (count, others, worst) in rows)
    return 0 if whole and rows and same else 1


if __name__ == "__main__":
    sys.exit(main())
