"""The examples run as they are, each in a process of its own as a person would run it."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from places import PORTRAIT, ROOT
from samples import make_log

from edge.settings.sections import MicSettings
from edge.sources.audio import open_sound

EXAMPLES = ROOT / "examples"


def said_by(program: str, *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / program), *map(str, arguments)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_picture_has_one_face() -> None:
    lines = said_by("picture.py", PORTRAIT).splitlines()
    assert len(lines) == 1
    assert "%) at " in lines[0]


def test_a_folder_becomes_a_table_and_what_is_no_picture_is_said(tmp_path: Path) -> None:
    shutil.copy(PORTRAIT, tmp_path / "a.jpg")
    (tmp_path / "b.jpg").write_text("no picture")
    rows = list(csv.DictReader(said_by("folder.py", tmp_path).splitlines()))
    assert [row["picture"] for row in rows] == ["a.jpg"]
    assert 0 < float(rows[0]["confidence"]) <= 1


def test_a_camera_calls_for_each_event() -> None:
    *calls, last = said_by("camera.py", "synthetic").splitlines()
    assert last.endswith(f"{len(calls)} events")
    assert calls


def test_a_sound_is_told_window_by_window(tmp_path: Path) -> None:
    source = open_sound("synthetic", MicSettings())
    assert source is not None
    soundfile = pytest.importorskip("soundfile")
    with source:
        samples = np.concatenate([chunk.samples for chunk in source])
    soundfile.write(tmp_path / "voice.wav", samples, 16_000)
    lines = said_by("sound.py", tmp_path / "voice.wav").splitlines()
    assert any("%)" in line for line in lines)


def test_a_log_becomes_a_table(tmp_path: Path) -> None:
    path = make_log(tmp_path / "log.sqlite", 5)
    assert said_by("log_to_pandas.py", path).startswith("5 events from ")


def test_every_example_is_in_the_list() -> None:
    listed = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert all(f"`{path.name}" in listed for path in EXAMPLES.glob("*.py"))
