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


def test_a_run_loads_only_what_it_needs() -> None:
    loaded = modules_after("import edge.cli.start, edge.cli.run, edge.run.session, edge.models.own")
    assert loaded.isdisjoint(("pydantic", "rich", "jinja2", "paho", "ssl", "edge.cli.log"))
