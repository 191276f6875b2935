"""What importing costs: the device never loads the training stack, and no more than it uses."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("tensorflow", "keras", "matplotlib", "sklearn")


def modules_after(statement: str) -> set[str]:
    code = f"{statement}; import sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "module",
    [
        "edge",
        "edge.cli.main",
        "edge.run.runner",
        "edge.pipeline.face",
        "edge.models.classifier",
        "edge.sources.video",
    ],
)
def test_the_device_loads_no_training_stack(module: str) -> None:
    assert modules_after(f"import {module}").isdisjoint(HEAVY)


def test_the_command_line_alone_loads_no_driver() -> None:
    assert modules_after("import edge.cli.main").isdisjoint(("cv2", "ai_edge_litert", "sqlite3"))


@pytest.mark.parametrize("module", ["convert.cli.main", "benchmarks.cli"])
def test_help_of_the_other_commands_needs_no_extra(module: str) -> None:
    assert modules_after(f"import {module}").isdisjoint(HEAVY)


RUN = "edge run --camera synthetic --frames 2 --log none --output none --quiet"


@pytest.fixture(scope="module")
def left_by_a_run() -> dict[str, str]:
    """What a run in a process of its own leaves: its modules, its collector, its environment."""
    code = f"""
import atexit, gc, os, sys

def tell():
    print("modules", *sys.modules)
    print("collector", gc.isenabled(), gc.get_freeze_count() > 10_000)
    print("threads", os.environ["OPENBLAS_NUM_THREADS"])

atexit.register(tell)
sys.argv = {RUN.split()}
from edge.cli.start import start
start()
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    lines = (line.partition(" ") for line in done.stdout.splitlines())
    return {name: rest for name, _, rest in lines}


def test_a_run_loads_only_what_it_needs(left_by_a_run: dict[str, str]) -> None:
    unneeded = ("pydantic", "rich", "jinja2", "paho", "ssl", "_hashlib", "edge.cli.log")
    assert set(left_by_a_run["modules"].split()).isdisjoint(unneeded)


def test_a_run_looks_for_cycles_once_it_is_loaded(left_by_a_run: dict[str, str]) -> None:
    assert left_by_a_run["collector"] == "True True"


def test_a_run_starts_no_threads_of_openblas(left_by_a_run: dict[str, str]) -> None:
    assert left_by_a_run["threads"] == "1"
