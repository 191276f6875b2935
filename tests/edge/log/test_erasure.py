"""What is deleted is in no file any more: on a full disk, beside a run, however it was deleted."""

from __future__ import annotations

import csv
import io
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from samples import LABELS, START, event, fill, small_disk

from edge.log.count_sink import CountsSink
from edge.log.event_sink import SqliteSink
from edge.log.export import events_table, write_csv
from edge.log.purge import delete_all, keep, purge
from edge.log.reader import open_log
from edge.log.retention import Retention
from edge.log.schema import encode
from edge.types import EmotionEvent

COUNT = 3000
SPARE = 14_000
"""Bytes of a log besides its events, or some of them."""
OLD = 2000
"""The first of them are deleted, and looked for afterwards."""
LIMIT = START + timedelta(seconds=OLD)


def telling(number: int) -> EmotionEvent:
    """An event whose scores are in no other."""
    chance = random.Random(number)
    scores = {label: chance.random() for label in LABELS}
    return replace(event(number), scores=scores)


def marks(numbers: range) -> dict[int, bytes]:
    return {number: bytes(encode(telling(number)).values[3] or b"") for number in numbers}  # type: ignore[arg-type]


def remains(folder: Path, numbers: range) -> list[int]:
    """Those of the events whose scores are in some file of the folder."""
    held = [part.read_bytes() for part in folder.rglob("*") if part.is_file()]
    held = [one for one in held if one.strip(b"x")]
    return [number for number, mark in marks(numbers).items() if any(mark in one for one in held)]


def by_purge(path: Path) -> int:
    return purge(path, before=LIMIT)


def by_size(path: Path) -> int:
    with open_log(path) as log:
        bytes_an_event = log.stats().bytes_per_event
    return purge(path, max_size_bytes=int(bytes_an_event * (COUNT - OLD) * 0.9) + SPARE)


def by_retention(path: Path) -> int:
    now = START + timedelta(seconds=COUNT)
    return keep(path, Retention(now - LIMIT, 10**9), now, lambda: True)


def by_trim(path: Path) -> int:
    now = START + timedelta(seconds=COUNT)
    sink = SqliteSink(path, retention=Retention(datetime.now(UTC) - LIMIT, 10**9))
    sink.close()
    return int((now - LIMIT).total_seconds())


def by_delete(path: Path) -> int:
    return delete_all(path)


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "card", "4m") as disk:
        yield disk


@pytest.mark.parametrize("full", [False, True], ids=["room", "full"])
@pytest.mark.parametrize("running", [False, True], ids=["closed", "beside a run"])
@pytest.mark.parametrize("how", [by_purge, by_size, by_retention, by_trim, by_delete])
def test_what_is_deleted_is_in_no_file(
    how: Callable[[Path], int],
    running: bool,
    full: bool,
    card: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edge.log.retention.clock_is_synchronized", lambda: True)
    if full and how is by_trim:
        pytest.skip("a run on a full disk waits with what is old; the timer's command does not")
    path = card / "log.sqlite"
    with ExitStack() as stack:
        with SqliteSink(path, 3600) as sink:
            for number in range(1, COUNT + 1):
                sink.write(telling(number))
        if running:
            sink = SqliteSink(path, 0)
            stack.callback(sink.close)
            for number in range(COUNT, COUNT + 10):
                sink.write(telling(number))
        assert remains(card, range(1, 50)) == [*range(1, 50)]
        if full:
            fill(card)
        assert how(path) > 0
        assert remains(card, range(1, OLD - 100)) == []
        with open_log(path) as log:
            left = [one.track_id for one in log.events()]
        assert left == sorted(left)
        assert all(number >= OLD - 100 for number in left)
        assert len(left) == 0 if how is by_delete else len(left) > 500


def test_counts_and_what_they_counted_leave_too(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with SqliteSink(path) as sink:
        for number in range(1, 500):
            sink.write(telling(number))
    with CountsSink(path, 0) as counting:
        counting.write(event(600, "a-label-of-its-own"))
        delete_all(path)
        assert remains(tmp_path, range(1, 500)) == []
        held = b"".join(part.read_bytes() for part in tmp_path.iterdir())
        assert b"a-label-of-its-own" not in held
        with open_log(path) as log:
            assert (list(log.counts()), list(log.events())) == ([], [])


@pytest.mark.parametrize("spooled", [True, False])
def test_deleting_all_brings_nothing_back(tmp_path: Path, spooled: bool) -> None:
    """What a run holds in memory is forgotten, with a folder in memory and without one."""
    path, memory = tmp_path / "log.sqlite", tmp_path / "memory"
    memory.mkdir()
    sink = SqliteSink(path, 3600, memory=memory if spooled else None)
    for number in range(1, 11):
        sink.write(telling(number))
    sink.commit()
    for number in range(11, 21):
        sink.write(telling(number))
    (tmp_path / "log.mqtt-cursor").write_text("[10, 1785067210000000]")
    delete_all(path)
    assert "1785067210000000" not in (tmp_path / "log.mqtt-cursor").read_text()
    sink.write(telling(30))
    sink.close()
    with open_log(path) as log:
        assert [one.track_id for one in log.events()] == [30]
    assert remains(tmp_path, range(1, 21)) == []


def test_damaged_logs_go_with_a_purge(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with SqliteSink(path) as sink:
        sink.write(telling(1))
    aside = tmp_path / "log.damaged-20260720T000000Z.sqlite"
    aside.write_bytes(path.read_bytes())
    purge(path, before=LIMIT)
    assert remains(tmp_path, range(1, 2)) == []


_AS_ROOT = """
import sys
from pathlib import Path
from edge.log.purge import delete_all
from edge.log.reader import open_log
path = Path(sys.argv[1])
with open_log(path) as log:
    print(len(list(log.events())))
delete_all(path)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may act as another user")
@pytest.mark.parametrize("beside", ["", "-wal", "-shm"])
def test_root_in_a_folder_of_the_service_harms_no_other_file(tmp_path: Path, beside: str) -> None:
    """The service may put a link anywhere in its folder: root opens with the service's rights."""
    home, other = tmp_path / "state", tmp_path / "other"
    home.mkdir()
    path = home / "log.sqlite"
    with SqliteSink(path) as sink:
        sink.write(telling(1))
    other.write_bytes(b"precious" * 1000)
    other.chmod(0o600)
    link = home / f"log.sqlite{beside}"
    link.unlink(missing_ok=True)
    link.symlink_to(other)
    for part in (home, path):
        os.chown(part, 12345, 12345, follow_symlinks=False)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    subprocess.run([sys.executable, "-c", _AS_ROOT, str(path)], capture_output=True, timeout=60)
    assert other.read_bytes() == b"precious" * 1000
    assert other.stat().st_uid == 0


def test_a_label_is_no_formula_in_a_spreadsheet() -> None:
    stream = io.BytesIO()
    one = replace(event(1), label="=HYPERLINK(A1)", model="@SUM(1)", scores={"-1+2": 0.5})
    write_csv(events_table([one], ["-1+2"]), stream)
    _, row = csv.reader(io.StringIO(stream.getvalue().decode()))
    assert "'=HYPERLINK(A1)" in row
    assert "'@SUM(1)" in row
    assert not any(cell.startswith(("=", "@")) for cell in row)
