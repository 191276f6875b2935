"""Three labels from 3 x 60 pictures: what the guide's commands make of them, and in what time.

    python tests/rigs/three_labels.py FER2013 FOLDER

Faces of FER2013's Training part, 60 a label, become a network on the device; 300 a label of its
PublicTest part, which no step has seen, say what it is worth. FER2013 does not say who is who, so
each picture counts as another person's.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from convert.datasets import fer2013

LABELS = ("happy", "neutral", "surprise")
LEARNED, JUDGED = 60, 300


def main(data: Path, folder: Path) -> None:
    faces = fer2013.load(data)
    write(faces.part("Training"), folder / "faces", LEARNED)
    write(faces.part("PublicTest"), folder / "unseen", JUDGED)
    run, out = folder / "run", folder / "mine.tflite"
    started = time.monotonic()
    whole = ("--faces", "whole")  # FER2013's pictures are faces already
    command("convert.cli.main", "train", "own", folder / "faces", "--out", run, *whole)
    command(
        "convert.cli.main", "import", run / "best.keras", "--data", run / "split.csv", "--out", out,
        *whole,
    )  # fmt: skip
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"from pictures to int8 in {(time.monotonic() - started) / 60:.1f} min, "
        f"{used.ru_utime + used.ru_stime:.0f} s of CPU",
        flush=True,
    )
    command("convert.cli.main", "verify", out, "--data", folder / "unseen", *whole)
    command(
        "edge", "run", "--camera", "synthetic", "--model", out, "--frames", "40", "--log", "none",
        "--output", "console",
    )  # fmt: skip


def write(faces: fer2013.FaceSet, root: Path, each: int) -> None:
    rng = np.random.default_rng(7)
    for label in LABELS:
        (root / label).mkdir(parents=True, exist_ok=True)
        there = np.flatnonzero(faces.labels == faces.label_names.index(label))
        for number in rng.choice(there, each, replace=False):
            cv2.imwrite(str(root / label / f"{number}.png"), faces.images[number])


def command(module: str, *arguments: object) -> None:
    done = subprocess.run([sys.executable, "-m", module, *map(str, arguments)], check=False)
    print(f"(exit {done.returncode})", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
