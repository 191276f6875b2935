"""Peak resident memory: of Python, of `import edge`, of whole `edge run` processes; the arena."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from benchmarks.measuring.findings import Finding, Remark
from benchmarks.measuring.parts import parts
from benchmarks.measuring.process import watch
from benchmarks.measuring.timing import Measurement
from benchmarks.plan import Plan, model_argument

_SHOW_OWN = "import re; print(re.search(r'VmHWM:\\s*(\\d+)', open('/proc/self/status').read())[1])"
# The difference that a classifier makes to a process which has all its imports already.
_CLASSIFIER = """
import re, sys
import numpy as np
from edge.models.classifier import Classifier
from edge.models import find

def resident():
    return int(re.search(r"VmRSS:\\s*(\\d+)", open("/proc/self/status").read())[1])

image = np.zeros((48, 48), np.uint8)
Classifier(find(sys.argv[1])).close()
before = resident()
classifier = Classifier(find(sys.argv[1]))
for _ in range(5):
    classifier.classify(image)
print(resident() - before)
"""


def measure(plan: Plan) -> Iterator[Finding]:
    """MB of 10^6 bytes; a run is one of 100 frames (30 in a quick one), with its log."""
    repeats = plan.starts(3, 1)
    for name, code in (("python alone", "pass"), ("import edge", "import edge")):
        yield _measurement(name, [_kilobytes(f"{code}; {_SHOW_OWN}") for _ in range(repeats)])
    for model in plan.some_models():
        peaks = [_peak_of_run(plan, model_argument(model)) for _ in range(repeats)]
        yield Measurement(f"edge run, {model.card.name}", "MB", tuple(peaks))
        yield _measurement(
            f"of it the classifier, {model.card.name}",
            [_kilobytes(_CLASSIFIER, model_argument(model)) for _ in range(repeats)],
        )
        if find_spec("ai_edge_litert"):
            arena = [sys.executable, "-m", "benchmarks.measuring.arena", model_argument(model)]
            size = int(watch(arena).output) / 1e6
            yield Measurement(f"arena, {model.card.name}", "MB", (size,))
    if find_spec("ai_edge_litert"):
        for part in parts(model_argument(plan.some_models()[0]), plan.camera, 30):
            yield Measurement(f"part: {part.name}", "MB", (part.mb,))
        yield Remark(
            "part: what it adds to the peak, in the order of a run; what two parts share counts "
            "for the first"
        )
    yield Remark(
        "arena: activations and scratch as TensorFlow Lite plans them for its own kernels; "
        "XNNPACK's workspace, which no call tells of, is in the classifier's share"
    )
    yield Remark(
        "edge run: the highest resident set of the process, libraries and mapped files included"
    )


def _measurement(name: str, kilobytes: list[int]) -> Measurement:
    return Measurement(name, "MB", tuple(k * 1024 / 1e6 for k in kilobytes))


def _kilobytes(code: str, *arguments: str) -> int:
    return int(watch([sys.executable, "-c", code, *arguments]).output)


def _peak_of_run(plan: Plan, model: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        command = plan.edge_run(model, frames=30 if plan.quick else 100)
        done = watch([*command, "--log", str(Path(folder) / "log.sqlite")])
    return done.peak_rss_bytes / 1e6
