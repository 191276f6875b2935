"""The log after its writer died: by kill -9 and by Ctrl-C at random moments, and beside another."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
ENV = os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS.parent), str(TESTS)])}
ENDLESS = 10**9


def start(path: Path, first: int, last: int) -> subprocess.Popen[str]:
    writer = str(Path(__file__).with_name("numbered_writer.py"))
    command = [sys.executable, writer, str(path), str(first), str(last)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=ENV, text=True)


def stop_at_random(child: subprocess.Popen[str], how: signal.Signals, chance: random.Random) -> str:
    """Send the signal some commits and some microseconds in; all that the child said."""
    assert child.stdout is not None
    said = ""
    for _ in range(chance.randint(1, 12)):
        said += child.stdout.readline()
    time.sleep(chance.uniform(0, 0.01))
    child.send_signal(how)
    said += child.stdout.read()
    child.stdout.close()
    child.wait(30)
    return said


def last_number(said: str, word: str) -> int:
    # The line that was being printed when the child died has no end.
    whole = [line.split() for line in said.splitlines(keepends=True) if line.endswith("\n")]
    return next(int(line[1]) for line in reversed(whole) if line[0] == word)


def numbers(path: Path) -> list[int]:
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    found = [row[0] for row in connection.execute("SELECT track_id FROM event ORDER BY id")]
    connection.close()
    return found


@pytest.mark.parametrize("seed", range(3))
def test_after_kill_9_every_committed_event_is_there_once(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "log.sqlite"
    chance = random.Random(seed)
    first = 1
    for _ in range(5):
        said = stop_at_random(start(path, first, ENDLESS), signal.SIGKILL, chance)
        found = numbers(path)
        assert found == list(range(1, len(found) + 1))
        assert len(found) >= last_number(said, "committed")
        first = len(found) + 1
    assert not [part for part in tmp_path.iterdir() if "damaged" in part.name]


@pytest.mark.parametrize("seed", range(2))
def test_after_ctrl_c_every_event_is_there_once(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "log.sqlite"
    chance = random.Random(seed)
    first = 1
    for _ in range(5):
        said = stop_at_random(start(path, first, ENDLESS), signal.SIGINT, chance)
        found = numbers(path)
        began = last_number(said, "began")
        assert found in (list(range(1, began + 1)), list(range(1, began)))
        first = len(found) + 1


def test_two_processes_write_one_log(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    children = [start(path, 1, 300), start(path, 1001, 1300)]
    for child in children:
        assert child.stdout is not None
        child.stdout.read()
        child.stdout.close()
        assert child.wait(60) == 0
    assert sorted(numbers(path)) == [*range(1, 301), *range(1001, 1301)]
