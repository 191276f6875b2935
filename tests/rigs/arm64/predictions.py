"""What this machine makes of the cases: each model's scores, and each run's events.

python predictions.py CASES OUT.json         needs the base installation and nothing more
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from edge.models import find
from edge.models.classifier import Classifier

FRAMES = 90


def scores(cases: Path) -> dict[str, dict[str, Any]]:
    found = {}
    for path in sorted(cases.glob("*.npy")):
        with Classifier(find(path.stem)) as classifier:
            rows = [classifier.classify(image).scores for image in np.load(path)]
            found[path.stem] = {
                "labels": list(classifier.labels),
                "scores": np.stack(rows).round(6).tolist(),
            }
    return found


def events(*options: str) -> list[dict[str, Any]]:
    """What `edge run` prints, all but the times: those are of the day."""
    command = [sys.executable, "-m", "edge", "run", *options]
    command += ["--frames", str(FRAMES), "--log", "none", "--output", "jsonl", "--quiet"]
    often = os.environ | {"EDGE_SMOOTHING_EVENT_INTERVAL_S": "0.1"}
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=often)
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    return [{key: value for key, value in one.items() if key != "time"} for one in lines]


def main() -> None:
    cases, out = Path(sys.argv[1]), Path(sys.argv[2])
    runs = {
        "synthetic face": events("--camera", "synthetic"),
        "synthetic voice": events("--camera", "none", "--mic", "synthetic"),
    }
    for clip in sorted(cases.glob("clip_*.avi")):
        runs[clip.stem] = events("--camera", str(clip))
    answers = {"machine": platform.machine(), "models": scores(cases), "runs": runs}
    out.write_text(json.dumps(answers))


if __name__ == "__main__":
    main()
