"""The guide names every suite and every option of the command."""

from __future__ import annotations

import re

import pytest
import typer.main
from places import ROOT

from benchmarks.cli import app
from benchmarks.suites import SUITES

GUIDE = (ROOT / "docs" / "guides" / "benchmarks.md").read_text()


@pytest.mark.parametrize("suite", SUITES)
def test_every_suite_has_its_row(suite: str) -> None:
    assert f"\n| `{suite}` |" in GUIDE


def test_every_command_and_option_of_the_guide_exists() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]  # a group
    assert set(re.findall(r"edge-bench (\w+)", GUIDE)) == set(commands)
    options = {option for c in commands.values() for p in c.params for option in p.opts}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", GUIDE)) <= options
