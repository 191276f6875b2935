"""The peers' networks on the same faces, clean and with the papers' noise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.measuring.findings import Finding, Remark
from benchmarks.measuring.timing import Measurement
from benchmarks.peers.process import PeerProcess
from benchmarks.plan import Plan
from benchmarks.suites.accuracy.faces import test_faces
from convert.evaluation.corruptions import CLEAN, noise
from convert.metrics import class_scores

_CONDITIONS = (CLEAN, *(noise(level) for level in (0.05, 0.10, 0.30)))
# Faces at a time, so that a peer's memory stays small.
_LOT = 512


def accuracy(peers: list[PeerProcess], data: Path) -> Iterator[Finding]:
    """FER2013's PrivateTest, whole; no peer searches for a face here."""
    faces = test_faces(Plan(data=data), "PrivateTest", quick=0)
    rng = np.random.default_rng(0)
    for condition in _CONDITIONS:
        images = condition.apply(faces.images, rng)
        for peer in peers:
            labels: list[str] = []
            for start in range(0, len(images), _LOT):
                labels += peer.ask("name", images[start : start + _LOT])["labels"]
            named = np.array([faces.label_names.index(label) for label in labels])
            scores = class_scores(faces.labels, named, len(faces.label_names))
            yield Measurement(
                f"{peer.name}, accuracy/{condition.name}", "share", (scores.accuracy,)
            )
            yield Measurement(
                f"{peer.name}, macro F1/{condition.name}", "share", (scores.macro_f1,)
            )
    yield Remark(
        f"FER2013 PrivateTest, {len(faces)} faces, the same pictures for all: each network alone, "
        "prepared as its peer prepares a face"
    )
