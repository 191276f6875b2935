"""The same clips and faces through ours, the `fer` package and the papers' own way, in turn.

    python -m benchmarks.peers.compare --fer-python FER/bin/python --clip CLIP --json peers.json

README.md beside this file says how each is installed. `edge-bench report` takes the results.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Annotated

import numpy as np
import typer

from benchmarks.measuring.environment import read_machine
from benchmarks.measuring.findings import Finding, Remark
from benchmarks.measuring.timing import Measurement
from benchmarks.peers.faces import accuracy
from benchmarks.peers.frames import Clip, clips, speed
from benchmarks.peers.process import PeerProcess
from benchmarks.report import text as render
from benchmarks.results.results import Report, SuiteResult, save
from benchmarks.runner import watched
from benchmarks.suites.size import base_requirements
from edge.cli.app import run_app
from edge.errors import MissingDataError, UsageError
from edge.settings.sections import Settings

app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
_STARTS = 5
_LARGEST = 4


@dataclass(frozen=True, slots=True)
class Baseline:
    """name: in the tables; python: whose environment; installs: what a person names to pip"""

    name: str
    python: str
    module: str
    installs: tuple[str, ...]

    def start(self) -> PeerProcess:
        return PeerProcess(self.name, self.python, f"benchmarks.peers.{self.module}")


def baselines(fer_python: Path | None, keras_python: Path | None) -> list[Baseline]:
    """Ours first; another where its interpreter is given. Raises MissingDataError."""
    found = [Baseline("edge", sys.executable, "ours", tuple(base_requirements()))]
    if fer_python is not None:
        found.append(
            Baseline("fer", str(fer_python.absolute()), "fer_package", ("fer", "tensorflow"))
        )
    if keras_python is not None:
        needs = ("tensorflow", "opencv-python-headless")
        found.append(Baseline("papers' way", str(keras_python.absolute()), "papers_way", needs))
    for baseline in found:
        if not Path(baseline.python).exists():
            raise MissingDataError(f"there is no interpreter {baseline.python}: give another")
    return found


def main() -> int:
    return run_app(app, "compare")


@app.command()
def compare(
    fer_python: Annotated[
        Path | None, typer.Option(help="The interpreter of the environment that holds fer.")
    ] = None,
    keras_python: Annotated[
        Path | None, typer.Option(help="One with the convert extra. Default: this, if it has it.")
    ] = None,
    clip: Annotated[
        list[Path] | None, typer.Option(help="A video; may be given several times.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="FER2013, for accuracy.")] = None,
    frames: Annotated[int, typer.Option(min=10, help="Of each clip, at most.")] = 150,
    seed: Annotated[int, typer.Option(help="Of the orders.")] = 0,
    json_path: Annotated[Path | None, typer.Option("--json", help="Write results here.")] = None,
) -> int:
    """Speed on the clips, then accuracy on the data set, each where it is given."""
    if not clip and data is None:
        raise UsageError("nothing to compare on: give --clip VIDEO, --data FER2013, or both")
    if keras_python is None and find_spec("keras"):
        keras_python = Path(sys.executable)
    peers = baselines(fer_python, keras_python)
    shown = [clips(path, frames) for path in clip or []]
    parts: dict[str, Callable[[], Iterator[Finding]]] = {}
    if shown:
        parts["peers"] = partial(_costs, peers, shown, seed)
    if data is not None:
        parts["peers, accuracy"] = partial(_accuracy, peers, data)
    report = Report(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        command=shlex.join(["python", "-m", "benchmarks.peers.compare", *sys.argv[1:]]),
        machine=read_machine(),
        models=(),
    )
    results: list[SuiteResult] = []
    for name, measure in parts.items():
        results.append(watched(name, partial(_output, measure)))
        report = replace(report, suites=tuple(results))
        if json_path is not None:
            save(report, json_path)
        if len(results) == 1:
            typer.echo(render.head(report))
        typer.echo(f"\n{render.suite(results[-1])}")
        if results[-1].exit_code:
            return results[-1].exit_code
    return 0


def _output(measure: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    yield from measure()
    yield Remark(f"edge runs its default network, {Settings().model.name}, in int8")


def _costs(peers: list[Baseline], shown: list[Clip], seed: int) -> Iterator[Finding]:
    """Start-up from process start to the first frame's answer; then frames; then what it took."""
    order = np.random.default_rng(seed)
    started: dict[str, list[float]] = {peer.name: [] for peer in peers}
    for turn in range(-1, _STARTS):
        for number in order.permutation(len(peers)):
            spent = _start_s(peers[number], shown[0])
            if turn >= 0:
                started[peers[number].name].append(spent)
    for name, values in started.items():
        yield Measurement(f"{name}, start to first frame", "s", tuple(values), warmups=1)
    with ExitStack() as stack:
        running = [stack.enter_context(peer.start()) for peer in peers]
        for each in shown:
            yield from speed(running, each, order)
        for process, peer in zip(running, peers, strict=True):
            peak = process.ask("memory")["peak_rss_bytes"]
            sizes = process.ask("installed", names=peer.installs)
            yield Measurement(f"{peer.name}/MB resident, peak", "MB", (peak / 1e6,))
            yield Measurement(f"{peer.name}/MB installed", "MB", (sum(sizes.values()) / 1e6,))
            largest = sorted(sizes.items(), key=lambda item: item[1], reverse=True)[:_LARGEST]
            named = ", ".join(f"{name} {size / 1e6:.0f}" for name, size in largest)
            yield Remark(f"{peer.name}, MB installed: {named}, and {len(sizes) - _LARGEST} more")
    yield Remark(
        "one peer works at a time, in a new random order each frame; every peer has all cores and "
        "its library's own number of threads; decoding is outside the figures; the ratios are of "
        "means, since every frame of a video has to be paid for"
    )


def _start_s(peer: Baseline, clip: Clip) -> float:
    began = perf_counter()
    with peer.start() as process:
        process.ask("see", clip.frames[0], timestamp_s=0.0)
        return perf_counter() - began


def _accuracy(peers: list[Baseline], data: Path) -> Iterator[Finding]:
    with ExitStack() as stack:
        running = [stack.enter_context(peer.start()) for peer in peers]
        yield from accuracy(running, data)


if __name__ == "__main__":
    sys.exit(main())
