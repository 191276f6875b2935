"""What waits for its commit: it outlives a killed process, is read, and can be forgotten."""

from __future__ import annotations

import logging
import os
import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import alike, event, events, make_log

from edge.log import spool
from edge.log.event_sink import SqliteSink
from edge.log.filter import Filter
from edge.log.purge import delete_all
from edge.log.reader import open_log
from edge.log.spool import Spool, memory_folder
from edge.types import EmotionEvent


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    (tmp_path / "memory").mkdir()
    return tmp_path / "memory"


def die(sink: SqliteSink) -> None:
    """As after kill -9: nothing is committed, nothing is cleaned up, the locks are gone."""
    assert sink._spool is not None
    sink._spool.close(keep=True)
    sink._spool = None
    sink._clear()
    sink.close()


def left_by_a_killed_run(path: Path, memory: Path, numbers: range) -> None:
    sink = SqliteSink(path, 3600, memory=memory)
    for number in numbers:
        sink.write(event(number))
    die(sink)


def tracks(path: Path) -> list[int]:
    with open_log(path) as log:
        return [one.track_id for one in log.events()]


def stored(path: Path) -> list[tuple[int, int]]:
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT id, track_id FROM event ORDER BY id").fetchall()
    connection.close()
    return found


def test_the_next_run_takes_in_what_a_killed_one_left(
    tmp_path: Path, memory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = make_log(tmp_path / "log.sqlite", 3)
    left_by_a_killed_run(path, memory, range(4, 9))
    assert len(stored(path)) == 3
    assert tracks(path) == list(range(1, 9)), "a reader need not wait for the next run"
    with SqliteSink(path, 3600, memory=memory) as sink:
        assert [track for _, track in stored(path)] == list(range(1, 9))
        sink.write(event(9))
    assert [track for _, track in stored(path)] == list(range(1, 10))
    assert not list(memory.iterdir())


def test_a_batch_that_was_committed_is_not_taken_twice(tmp_path: Path, memory: Path) -> None:
    """The process died after the commit and before it could empty its spool."""
    path = tmp_path / "log.sqlite"
    sink = SqliteSink(path, 3600, memory=memory)
    for number in (1, 2, 3):
        sink.write(event(number))
    assert sink._spool is not None
    before = sink._spool.path.read_bytes()
    sink.commit()
    sink._spool.path.write_bytes(before)
    die(sink)
    assert tracks(path) == [1, 2, 3]
    SqliteSink(path, memory=memory).close()
    assert [track for _, track in stored(path)] == [1, 2, 3]


def test_a_line_cut_off_by_the_kill_costs_that_event_only(tmp_path: Path, memory: Path) -> None:
    path = tmp_path / "log.sqlite"
    left_by_a_killed_run(path, memory, range(1, 4))
    (kept,) = memory.iterdir()
    kept.write_bytes(kept.read_bytes()[:-30])
    SqliteSink(path, memory=memory).close()
    assert tracks(path) == [1, 2]


def test_a_living_run_keeps_its_events_to_itself(tmp_path: Path, memory: Path) -> None:
    path = tmp_path / "log.sqlite"
    with SqliteSink(path, 3600, memory=memory) as one:
        one.write(event(1))
        with SqliteSink(path, 3600, memory=memory) as other:
            other.write(event(2))
            assert stored(path) == []
            assert sorted(tracks(path)) == [1, 2]
    assert sorted(tracks(path)) == [1, 2]


def test_a_spool_that_could_not_be_named_in_the_log_is_found(tmp_path: Path, memory: Path) -> None:
    path = make_log(tmp_path / "log.sqlite", 1)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    left_by_a_killed_run(path, memory, range(2, 4))
    holder.close()
    SqliteSink(path, memory=memory).close()
    assert tracks(path) == [1, 2, 3]


def test_numbers_that_were_seen_stay_and_are_never_given_again(
    tmp_path: Path, memory: Path
) -> None:
    path = tmp_path / "log.sqlite"
    sink = SqliteSink(path, 3600, memory=memory)
    for number in range(1, 6):
        sink.write(event(number))
        if number == 3:
            sink.commit()
    with open_log(path) as log:
        seen = [(number, one.track_id) for number, one in log.after_id(0, 10)]
        assert log.max_assigned_id() == seen[-1][0]
        assert log.after_id(seen[3][0], 10)[0][1].track_id == 5
    assert [track for _, track in seen] == [1, 2, 3, 4, 5]
    die(sink)
    with SqliteSink(path, 3600, memory=memory) as sink:
        assert stored(path) == seen
        delete_all(path)
        sink.write(event(6))
    ((number, track),) = stored(path)
    assert (number > seen[-1][0], track) == (True, 6)


def test_events_lost_with_the_memory_leave_their_numbers_unused(
    tmp_path: Path, memory: Path
) -> None:
    """A power cut: what was sent somewhere under a number is not taken for what comes then."""
    path = tmp_path / "log.sqlite"
    left_by_a_killed_run(path, memory, range(1, 4))
    with open_log(path) as log:
        last = log.after_id(0, 10)[-1][0]
    for part in memory.iterdir():
        part.unlink()
    with SqliteSink(path, memory=memory) as sink:
        sink.write(event(4))
    ((number, _),) = stored(path)
    assert number > last


def test_delete_all_takes_what_waits_too(tmp_path: Path, memory: Path) -> None:
    path = tmp_path / "log.sqlite"
    left_by_a_killed_run(path, memory, range(1, 4))
    (orphan,) = memory.iterdir()
    # The orphan stays one: this run is on another log's spool until it opens this one.
    with SqliteSink(path, 3600, memory=memory) as sink:
        assert not orphan.exists()
        for number in (4, 5):
            sink.write(event(number))
        assert delete_all(path) == 5
        sink.flush()
        assert sink.pending == 0
        sink.write(event(6))
    assert tracks(path) == [6]
    left_by_a_killed_run(path, memory, range(7, 9))
    assert delete_all(path) == 3
    assert not list(memory.iterdir())
    assert tracks(path) == []


def test_a_name_of_anothers_file_in_the_log_is_not_followed(tmp_path: Path, memory: Path) -> None:
    path = make_log(tmp_path / "log.sqlite", 1)
    precious = tmp_path / "precious.txt"
    precious.write_text("mine")
    link = memory / "emotion-edge-0000.spool"
    link.symlink_to(precious)
    connection = sqlite3.connect(path)
    for name in (precious, link):
        connection.execute("INSERT INTO in_memory VALUES (?, 'x')", [str(name)])
        connection.execute("INSERT OR IGNORE INTO in_memory VALUES (?, NULL)", [f"{name}.sqlite"])
    connection.commit()
    connection.close()
    delete_all(path)
    SqliteSink(path, memory=memory).close()
    assert precious.read_text() == "mine"


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a file to somebody else needs root")
def test_a_spool_that_somebody_else_has_planted_is_left_alone(tmp_path: Path, memory: Path) -> None:
    path = make_log(tmp_path / "log.sqlite", 1)
    planted = memory / f"{spool.in_memory_name(path)}-00.spool"
    left_by_a_killed_run(make_log(tmp_path / "other.sqlite", 0), memory, range(50, 52))
    (real,) = memory.iterdir()
    real.rename(planted)
    os.chown(planted, 12345, 12345)
    SqliteSink(path, memory=memory).close()
    assert tracks(path) == [1]
    assert planted.exists()


def test_memory_that_is_full_costs_the_protection_and_not_the_run(
    tmp_path: Path, memory: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Spool, event: EmotionEvent) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "log.sqlite"
    with SqliteSink(path, 3600, memory=memory) as sink:
        sink.write(event(1))
        monkeypatch.setattr(Spool, "add", full)
        sink.write(event(2))
        sink.write(event(3))
    assert tracks(path) == [1, 2, 3]
    said = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(said) == 1
    assert "memory is full" in said[0]


def test_a_folder_that_cannot_be_used_is_said_and_the_run_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with SqliteSink(tmp_path / "log.sqlite", memory=tmp_path / "nowhere") as sink:
        sink.write(event(1))
    assert "a kill will lose them" in caplog.text
    assert tracks(tmp_path / "log.sqlite") == [1]


def test_what_waits_is_read_and_filtered_and_counted(tmp_path: Path, memory: Path) -> None:
    path = tmp_path / "log.sqlite"
    with SqliteSink(path, 3600, memory=memory) as sink:
        sink.write(event(1, "happy"))
        sink.commit()
        sink.write(event(2, "happy"))
        sink.write(event(3, "sad"))
        with open_log(path) as log:
            assert [one.track_id for one in log.events(Filter(label="happy"))] == [1, 2]
            assert [one.track_id for one in log.latest(2)] == [2, 3]
            assert [one.track_id for one in log.latest(9, Filter(since=event(2).time))] == [2, 3]
            found = log.stats()
            assert (found.events, found.waiting, found.labels) == (3, 2, {"happy": 2, "sad": 1})
            assert found.last == event(3).time


@settings(max_examples=30, deadline=None)
@given(st.lists(events(), max_size=6))
def test_any_event_survives_the_spool(sent: list[EmotionEvent]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        mine = Spool(Path(folder), Path(folder) / "log.sqlite")
        for one in sent:
            mine.add(one)
        batch, found, _ = spool.read(mine.path)
        assert batch == mine.batch
        assert all(alike(a, b) for a, b in zip(sent, found, strict=True))
        mine.close()


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_as_events_or_none(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "emotion-edge-x.spool"
        path.write_bytes(content)
        assert spool.read(path)[1] == []


@pytest.fixture
def in_shm() -> Path:
    if not Path("/dev/shm").is_dir():
        pytest.skip("there is no /dev/shm here")
    return Path("/dev/shm")


def test_the_folder_in_memory_is_the_services_or_shared_memory(
    tmp_path: Path, in_shm: Path
) -> None:
    assert memory_folder({}) == in_shm
    assert memory_folder({"RUNTIME_DIRECTORY": f"{in_shm}:/other"}) == in_shm
    on_disk = memory_folder({"RUNTIME_DIRECTORY": str(tmp_path)})
    assert on_disk in (in_shm, tmp_path)  # tmp_path may be in memory itself
