"""The log after its writer died: by kill -9 and by Ctrl-C at random moments, and beside another."""

from __future__ import annotations

import random
import signal
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from numbered_writer import start, stop_at_random, write
from samples import event

import edge.log
from edge.log.event_sink import SqliteSink
from edge.log.reader import open_log
from edge.types import EmotionEvent

ENDLESS = 10**9
LOG_CODE = str(Path(edge.log.__file__).parent)
KILLS = 25  # a test: 200 with a folder in memory, 50 without one


@pytest.fixture
def folder() -> Iterator[Path]:
    """In memory: what a kill does to a log does not depend on the disk, whose fsync takes long."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as name:
        yield Path(name)


@pytest.fixture
def memory(folder: Path) -> Path:
    (folder / "memory").mkdir()
    return folder / "memory"


def intact(path: Path) -> bool:
    connection = sqlite3.connect(path)
    (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
    connection.close()
    return bool(verdict == "ok")


def numbers(path: Path) -> list[int]:
    with open_log(path) as log:
        return [one.track_id for one in log.events()]


def latest(path: Path, how_many: int) -> list[EmotionEvent]:
    with open_log(path) as log:
        return log.latest(how_many)


@pytest.mark.parametrize("seed", range(8))
def test_kill_9_loses_no_event_that_was_written(
    folder: Path,
    memory: Path,
    seed: int,
) -> None:
    path = empty_log(folder)
    chance = random.Random(seed)
    last = 0
    for _ in range(KILLS):
        child, said = start(write, path, last + 1, ENDLESS, memory)
        wrote, _ = stop_at_random(child, said, signal.SIGKILL, chance)
        found = numbers(path)
        assert found == list(range(1, len(found) + 1))
        assert len(found) >= max(wrote, last)
        last = len(found)
        assert intact(path)
    SqliteSink(path, memory=memory).close()
    connection = sqlite3.connect(path)
    committed = [row[0] for row in connection.execute("SELECT track_id FROM event ORDER BY id")]
    connection.close()
    assert committed == list(range(1, last + 1))
    assert not list(memory.iterdir())
    assert not [part for part in folder.iterdir() if "damaged" in part.name]


@pytest.mark.parametrize("seed", range(2))
def test_without_a_folder_in_memory_kill_9_loses_what_was_not_committed(
    folder: Path, seed: int
) -> None:
    path = empty_log(folder)
    chance = random.Random(seed)
    last = 0
    for _ in range(KILLS):
        child, said = start(write, path, last + 1, ENDLESS, None)
        _, committed = stop_at_random(child, said, signal.SIGKILL, chance)
        found = numbers(path)
        assert found == list(range(1, len(found) + 1))
        assert len(found) >= last + committed
        last = len(found)
        assert intact(path)


@pytest.mark.parametrize("seed", range(2))
def test_after_ctrl_c_every_event_is_there_once(
    folder: Path,
    memory: Path,
    seed: int,
) -> None:
    path = folder / "log.sqlite"
    chance = random.Random(seed)
    first = 1
    for _ in range(10):
        child, said = start(write, path, first, ENDLESS, memory)
        assert said.poll(60), "it has begun"
        began, _ = stop_at_random(child, said, signal.SIGINT, chance)
        found = numbers(path)
        assert found in (list(range(1, began + 1)), list(range(1, began)))
        first = len(found) + 1


def interrupted_at(at_line: int, work: Callable[[], None]) -> bool:
    """Do that with Ctrl-C at a line of the log's code; whether so many lines were run."""
    lines = 0

    def trace(frame: FrameType, what: str, _: object) -> Callable[..., Any] | None:
        nonlocal lines
        if not frame.f_code.co_filename.startswith(LOG_CODE):
            return None
        lines += what == "line"
        if what == "line" and lines == at_line:
            raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(before)
    return lines >= at_line


@pytest.mark.parametrize("spooled", [True, False])
def test_ctrl_c_at_any_line_of_the_logs_code_repeats_no_event(
    folder: Path, memory: Path, spooled: bool
) -> None:
    """As between a commit and the note that it is done, which a signal rarely hits."""
    path = folder / "log.sqlite"
    last = 0
    for at_line in count(1):
        sink = SqliteSink(path, commit_interval_s=0, memory=memory if spooled else None)
        sink.write(event(last + 1))
        more = interrupted_at(at_line, partial(sink.write, event(last + 2)))
        sink.close()
        found = [one.track_id for one in latest(path, 4)][-sink.written :]
        assert found in ([last + 1, last + 2], [last + 1]), at_line
        last = found[-1]
        if not more:
            break
    assert at_line > 100
    assert numbers(path) == list(range(1, last + 1))


def test_two_processes_write_one_log(folder: Path, memory: Path) -> None:
    path = folder / "log.sqlite"
    children = [start(write, path, first, first + 299, memory) for first in (1, 1001)]
    for child, said in children:
        while said.poll(60) and said.recv()[0] % 1000 < 300:
            pass
        child.join(60)
        said.close()
        assert child.exitcode == 0
    assert sorted(numbers(path)) == [*range(1, 301), *range(1001, 1301)]
    assert intact(path)


def empty_log(folder: Path) -> Path:
    path = folder / "log.sqlite"
    SqliteSink(path).close()
    return path
