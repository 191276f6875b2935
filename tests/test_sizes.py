"""Files and functions stay small enough to be read at once, folders to be overlooked."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from places import ROOT

LINES_A_FILE = 300
LINES_A_FUNCTION = 50
ENTRIES = {"edge": 25, "convert": 14, "benchmarks": 14}
"""At the top of each package, packages and files alike."""


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def long_functions(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = body_lines(node)
            if lines > LINES_A_FUNCTION:
                yield f"{path.relative_to(ROOT)}:{node.lineno}: {node.name} has {lines} lines"


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """What it does, less its signature and its docstring: a command's options are its help."""
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("package", ENTRIES)
def test_files_are_short(package: str) -> None:
    counts = {path: len(path.read_text("utf-8").splitlines()) for path in sources(package)}
    long = {str(path.relative_to(ROOT)): n for path, n in counts.items() if n > LINES_A_FILE}
    assert not long


@pytest.mark.parametrize("package", ENTRIES)
def test_functions_are_short(package: str) -> None:
    assert not [found for path in sources(package) for found in long_functions(path)]


@pytest.mark.parametrize("package", ENTRIES)
def test_the_top_of_a_package_can_be_overlooked(package: str) -> None:
    there = [path for path in (ROOT / package).iterdir() if path.name != "__pycache__"]
    assert len(there) <= ENTRIES[package]
