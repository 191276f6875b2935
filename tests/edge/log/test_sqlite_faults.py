"""The log's sink when things go wrong: full, read-only, locked, damaged, removed, shared."""

from __future__ import annotations

import logging
import os
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from samples import event, fill, make_log, make_read_only, small_disk

from edge.errors import SinkError
from edge.log.event_sink import SqliteSink
from edge.log.reader import open_log


def tracks(path: Path) -> list[int]:
    with open_log(path) as log:
        return [one.track_id for one in log.events()]


def intact(path: Path) -> bool:
    connection = sqlite3.connect(path)
    (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
    connection.close()
    return bool(verdict == "ok")


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_full_disk_is_said_once_and_nothing_is_lost_when_space_returns(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with small_disk(tmp_path / "card", "2m") as card:
        path = card / "log.sqlite"
        sink = SqliteSink(path, commit_interval_s=0)
        for number in range(1, 101):
            sink.write(event(number))
        ballast = fill(card)
        for number in range(101, 401):
            sink.write(event(number))
        assert sink.pending > 200
        assert ["full" in said and "free space" in said for said in warnings(caplog)] == [True]
        ballast.unlink()
        sink.write(event(401))
        assert sink.pending == 0
        assert "again" in warnings(caplog)[-1]
        sink.close()
        assert tracks(path) == list(range(1, 402))
        assert intact(path)


def test_a_run_may_start_on_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "card", "256k") as card:
        ballast = fill(card)
        sink = SqliteSink(card / "log.sqlite", commit_interval_s=0)
        sink.write(event(1))
        assert sink.pending == 1
        ballast.unlink()
        sink.write(event(2))
        sink.close()
        assert tracks(card / "log.sqlite") == [1, 2]


def test_what_never_got_in_is_counted_at_the_end(tmp_path: Path) -> None:
    with small_disk(tmp_path / "card", "256k") as card:
        path = make_log(card / "log.sqlite", 10)
        fill(card)
        sink = SqliteSink(path)
        for number in (11, 12, 13):
            sink.write(event(number))
        with pytest.raises(SinkError, match=r"3 events could not be written.*: free space there"):
            sink.close()
        sink.close()


@pytest.mark.parametrize("exists", [True, False])
def test_a_read_only_disk_is_said_at_the_start(tmp_path: Path, exists: bool) -> None:
    with small_disk(tmp_path / "card", "256k") as card:
        if exists:
            make_log(card / "log.sqlite", 1)
        make_read_only(card)
        with pytest.raises(SinkError, match=r"Read-only file system.*give another path"):
            SqliteSink(card / "log.sqlite")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_of_somebody_else_is_said_at_the_start(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(SinkError, match="Permission denied"):
        SqliteSink(tmp_path / "log.sqlite")


def test_a_path_through_a_file_or_of_a_folder_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "log.sqlite", tmp_path):
        with pytest.raises(SinkError, match="cannot open the log"):
            SqliteSink(path)


def test_a_locked_log_is_written_when_it_is_free(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = make_log(tmp_path / "log.sqlite", 1)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with SqliteSink(path, commit_interval_s=0) as sink:
        sink.write(event(2))
        sink.write(event(3))
        assert (sink.pending, len(warnings(caplog))) == (2, 1)
        assert "end the program that has it locked" in warnings(caplog)[0]
        holder.execute("COMMIT")
        sink.write(event(4))
        assert sink.pending == 0
    holder.close()
    assert tracks(path) == [1, 2, 3, 4]


def test_what_is_not_a_full_disk_asks_for_no_space(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = make_log(tmp_path / "log.sqlite", 1)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    sink = SqliteSink(path, commit_interval_s=0)
    sink.write(event(2))
    with pytest.raises(SinkError, match="end the program that has it locked") as noted:
        sink.note("a remark")
    with pytest.raises(SinkError, match="give another path") as closed:
        sink.close()
    holder.close()
    for said in (*warnings(caplog), str(noted.value), str(closed.value)):
        assert "free space" not in said


def test_a_failure_in_the_middle_of_a_batch_leaves_nothing_half_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.sqlite"
    with SqliteSink(path, commit_interval_s=0) as sink:
        with monkeypatch.context() as broken:
            broken.setattr("edge.log.schema.INSERT", "INSERT INTO nowhere VALUES (?)")
            sink.write(event(1))
            assert (sink.pending, sink.written) == (1, 0)
        sink.write(event(2))
        assert (sink.pending, sink.written) == (0, 2)
    assert tracks(path) == [1, 2]


@pytest.mark.parametrize("freed", [True, False])
def test_only_the_newest_are_kept_and_the_loss_is_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, freed: bool
) -> None:
    path = make_log(tmp_path / "log.sqlite", 0)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    sink = SqliteSink(path, keep=5)
    for number in range(1, 9):
        sink.write(event(number))
    assert (sink.pending, sink.lost) == (5, 3)
    assert ["lost" in said for said in warnings(caplog)] == [False, True]
    if freed:
        holder.execute("COMMIT")
    with pytest.raises(SinkError, match="3 events could not" if freed else "8 events could not"):
        sink.close()
    holder.close()
    assert tracks(path) == ([4, 5, 6, 7, 8] if freed else [])


def test_more_events_than_may_wait_are_committed_before_they_are_due(tmp_path: Path) -> None:
    path = make_log(tmp_path / "log.sqlite", 0)
    with SqliteSink(path, commit_interval_s=3600, keep=5) as sink:
        for number in range(1, 13):
            sink.write(event(number))
        assert (sink.pending, sink.written, sink.lost) == (2, 10, 0)
    assert tracks(path) == list(range(1, 13))


def _header(path: Path) -> None:
    _overwrite(path, 0, 100)


def _middle(path: Path) -> None:
    _overwrite(path, path.stat().st_size // 2, 2048)


def _end(path: Path) -> None:
    _overwrite(path, path.stat().st_size - 2048, 2048)  # the very last page may be free


def _all(path: Path) -> None:
    _overwrite(path, 0, path.stat().st_size)


def _truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _overwrite(path: Path, at: int, count: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(random.Random(at).randbytes(count))


def _schema(path: Path) -> None:
    """No text any more: SQLite quotes it in its error, which Python then cannot read."""
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE", b"CREA\xff\xfe TABLE"))


@pytest.mark.parametrize("damage", [_header, _middle, _end, _all, _truncated, _schema])
def test_a_damaged_log_is_set_aside_and_a_new_one_begun(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: Callable[[Path], None]
) -> None:
    path = make_log(tmp_path / "log.sqlite", 200)
    damage(path)
    damaged = path.read_bytes()
    with SqliteSink(path) as sink:
        sink.write(event(1))
    assert tracks(path) == [1]
    assert intact(path)
    (kept,) = (part for part in tmp_path.iterdir() if ".damaged-" in part.name)
    assert kept.suffix == ".sqlite"
    assert kept.read_bytes() == damaged
    (said,) = warnings(caplog)
    assert str(kept) in said


def test_damage_that_shows_during_the_run_loses_no_event(tmp_path: Path) -> None:
    path = make_log(tmp_path / "log.sqlite", 300)
    first, second = SqliteSink(path), SqliteSink(path)
    second.write(event(301))
    second.commit()  # what `first` remembers of the file is outdated: it has to read it again
    _overwrite(path, 1024, path.stat().st_size - 1024)
    first.write(event(302))
    first.close()
    second.write(event(303))
    second.close()
    assert tracks(path) == [302, 303]
    assert intact(path)


def test_only_a_file_with_a_logs_name_is_ever_renamed(tmp_path: Path) -> None:
    precious = tmp_path / "portrait.png"
    precious.write_bytes(b"\x89PNG and more")
    with pytest.raises(SinkError, match="not a log"):
        SqliteSink(precious)
    assert precious.read_bytes() == b"\x89PNG and more"
    assert list(tmp_path.iterdir()) == [precious]


def test_an_empty_file_becomes_a_log(tmp_path: Path) -> None:
    (tmp_path / "log.sqlite").touch()
    assert tracks(make_log(tmp_path / "log.sqlite", 2)) == [1, 2]


def test_a_log_removed_under_the_run_is_begun_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "log.sqlite"
    with SqliteSink(path, commit_interval_s=0) as sink:
        sink.write(event(1))
        for part in tmp_path.iterdir():
            part.unlink()
        sink.write(event(2))
    assert tracks(path) == [2]
    assert "removed" in warnings(caplog)[0]


def test_two_sinks_share_a_log(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with SqliteSink(path, commit_interval_s=0) as one, SqliteSink(path) as other:
        for number in range(1, 101):
            (one if number % 2 else other).write(event(number))
    assert sorted(tracks(path)) == list(range(1, 101))
    assert intact(path)
