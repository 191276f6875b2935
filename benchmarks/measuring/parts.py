"""What the parts of a run take, one after the other, in this process: memory and CPU time.

    python -m benchmarks.measuring.parts MODEL CAMERA FRAMES

A line for each part: its name, the kB by which it raised the resident peak, the CPU time in ms.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.measuring.process import watch

_IMPORTS = (
    ("the command line", ("edge.cli.start", "edge.cli.run")),
    ("settings", ("edge.settings.loading",)),
    ("NumPy", ("numpy",)),
    ("the log", ("edge.log.configure", "edge.log.event_sink")),
    ("OpenCV", ("cv2",)),
    ("the run's own code", ("edge.run.session", "edge.models.own", "edge.models.classifier")),
    ("LiteRT", ("ai_edge_litert.interpreter",)),
)


@dataclass(frozen=True, slots=True)
class Part:
    """mb: of 10^6 bytes, added to the resident peak; cpu_ms: of all threads"""

    name: str
    mb: float
    cpu_ms: float


def parts(model: str, camera: str, frames: int) -> tuple[Part, ...]:
    """Those of one run, measured in a process of its own."""
    done = watch([sys.executable, "-m", __name__, model, camera, str(frames)])
    rows = (line.split("\t") for line in done.output.splitlines())
    return tuple(Part(name, int(kb) * 1024 / 1e6, float(ms)) for name, kb, ms in rows)


def _main(model: str, camera: str, frames: int) -> None:
    mark = _Mark()
    mark("Python and this measurement")
    for name, modules in _IMPORTS:
        for module in modules:
            __import__(module)
        mark(name)
    for name in _steps(model, camera, frames):
        mark(name)


def _steps(model: str, camera: str, frames: int) -> Iterator[str]:
    import numpy as np

    from edge.models.classifier import Classifier
    from edge.models.own import open_model
    from edge.pipeline.face import build_face_pipeline
    from edge.settings.loading import load, override
    from edge.sources.video import open_source

    settings = override(load(None), {"camera.source": camera}, "the measurement")
    opened = open_model(model)
    with Classifier(opened) as classifier:
        classifier.classify(np.zeros(opened.card.picture_format.shape, np.uint8))
        yield "the model"
        with open_source(camera, settings=settings.camera) as source:
            yield "the source"
            pipeline: Any = build_face_pipeline(settings, classifier, datetime.now(UTC))
            yield "the face search's cascade"
            for _ in islice(pipeline.results(source), frames):
                pass
            yield f"{frames} frames"


class _Mark:
    """Prints what was added since the last mark."""

    def __init__(self) -> None:
        self._kb, self._ms = 0, 0.0

    def __call__(self, name: str) -> None:
        status = Path("/proc/self/status").read_text()
        found = re.search(r"VmHWM:\s*(\d+)", status)
        kb, ms = int(found[1]) if found else 0, time.process_time() * 1e3
        print(name, kb - self._kb, f"{ms - self._ms:.1f}", sep="\t")
        self._kb, self._ms = kb, ms


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
