"""From process start to the first event, and which imports the time goes to."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from importlib.util import find_spec

from benchmarks.measuring.findings import Finding, Remark
from benchmarks.measuring.parts import parts
from benchmarks.measuring.process import watch
from benchmarks.measuring.timing import Measurement
from benchmarks.plan import Plan, model_argument
from edge.errors import EdgeError

_SHOWN_IMPORTS = 10
_IMPORT_LINE = re.compile(r"^import time:\s*(\d+) \|\s*\d+ \|\s*(\S+)$", re.MULTILINE)


def measure(plan: Plan) -> Iterator[Finding]:
    """Seconds to the first event, by model; milliseconds by imported package."""
    repeats = plan.starts(7, 3)
    models = plan.some_models()
    for number, model in enumerate(models):
        command = [*plan.edge_run(model_argument(model), frames=60), "--log", "none"]
        first = []
        for turn in range(-1, repeats):
            seconds = _first_event_s(command)
            if turn >= 0:
                first.append(seconds)
            plan.progress(number * (repeats + 1) + turn + 2, len(models) * (repeats + 1))
        yield Measurement(f"first event, {model.card.name}", "s", tuple(first), warmups=1)
    yield from _imports(plan)
    if find_spec("ai_edge_litert"):
        for part in parts(model_argument(models[0]), plan.camera, 1):
            yield Measurement(f"part: {part.name}", "ms", (part.cpu_ms,))
        yield Remark("part: CPU time of all threads, in the order of a run")
    yield Remark("files were in the system's cache: the first start after a boot takes longer")


def _first_event_s(command: list[str]) -> float:
    seconds = watch(command).first_line_s
    if seconds is None:
        raise EdgeError(f"{' '.join(command)} printed no event: give --clip a video with a face")
    return seconds


def _imports(plan: Plan) -> Iterator[Measurement]:
    """Self time by package, as `python -X importtime` tells it, of one run to its first frame."""
    if plan.edge[:1] != (sys.executable,):
        return
    command = [sys.executable, "-X", "importtime", *plan.edge[1:]]
    arguments = plan.edge_run(model_argument(plan.some_models()[0]), frames=1)[len(plan.edge) :]
    spent_us: dict[str, int] = defaultdict(int)
    for microseconds, module in _IMPORT_LINE.findall(
        watch([*command, *arguments, "--log", "none"]).errors
    ):
        package = module.partition(".")[0]
        spent_us["standard library" if _is_standard(package) else package] += int(microseconds)
    yield Measurement("all imports", "ms", (sum(spent_us.values()) / 1e3,))
    slowest = sorted(spent_us.items(), key=lambda item: item[1], reverse=True)
    for package, microseconds in slowest[:_SHOWN_IMPORTS]:
        yield Measurement(f"import {package}", "ms", (microseconds / 1e3,))


def _is_standard(package: str) -> bool:
    return package in sys.stdlib_module_names or package in ("site", "encodings", "zipimport")
