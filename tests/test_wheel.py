"""The wheel: the same bytes from the same sources, with all that the packages read."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from places import ROOT

pytest.importorskip("setuptools", "77", reason="no setuptools: pip install 'setuptools>=77'")

PACKAGES = ("edge", "convert", "benchmarks")


def sources(folder: Path) -> Path:
    """A copy of what a wheel is made of, its files as old as this test."""
    for name in (*PACKAGES, "systemd"):
        shutil.copytree(
            ROOT / name,
            folder / name,
            copy_function=shutil.copyfile,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(ROOT / name, folder / name)
    return folder


def wheel(folder: Path) -> Path:
    build = "from setuptools.build_meta import build_wheel; build_wheel('dist')"
    done = subprocess.run(
        [sys.executable, "-c", build],
        cwd=sources(folder),
        env=os.environ | {"SOURCE_DATE_EPOCH": "1700000000"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (found,) = (folder / "dist").glob("*.whl")
    return found


def test_two_builds_are_the_same_bytes_and_nothing_is_left_out(tmp_path: Path) -> None:
    first, second = (wheel(tmp_path / name) for name in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()
    names = set(ZipFile(first).namelist())
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*"):
            name = path.relative_to(ROOT).as_posix()
            if path.is_file() and "__pycache__" not in name and not name.endswith("README.md"):
                assert name in names
    packed = {name.split("/")[0] for name in names}
    assert packed - set(PACKAGES) == {n for n in packed if n.startswith("emotion_edge-")}
