"""The log's sink on a healthy disk: when it commits, what comes back, how large it gets."""

from __future__ import annotations

import itertools
import runpy
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places import ROOT
from samples import alike, event, events

from edge.errors import SinkError
from edge.log import schema
from edge.log.configure import retention
from edge.log.event_sink import SqliteSink
from edge.log.reader import open_log
from edge.settings.sections import Settings
from edge.types import EmotionEvent


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def stored(path: Path) -> list[EmotionEvent]:
    with open_log(path) as log:
        return list(log.events())


@settings(max_examples=40, deadline=None)
@given(st.lists(events(), max_size=8))
def test_events_survive_the_log(sent: list[EmotionEvent]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.sqlite"
        with SqliteSink(path) as sink:
            for one in sent:
                sink.write(one)
        assert all(alike(a, b) for a, b in zip(sent, stored(path), strict=True))


def test_an_event_waits_one_interval_at_most_even_when_no_other_comes(
    tmp_path: Path, clock: Clock
) -> None:
    path = tmp_path / "log.sqlite"
    sink = SqliteSink(path, commit_interval_s=1.0, clock=clock)
    sink.write(event(1))
    clock.now_s = 0.9
    sink.write(event(2))
    sink.flush()
    assert (sink.written, sink.pending, len(stored(path))) == (0, 2, 0)
    clock.now_s = 1.0
    sink.flush()
    assert (sink.written, sink.pending, len(stored(path))) == (2, 0, 2)
    clock.now_s = 7.0
    sink.write(event(3))
    sink.flush()
    assert sink.pending == 1, "the interval starts with the event, not with the last commit"
    sink.close()
    assert len(stored(path)) == 3


def test_a_log_is_continued(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        with SqliteSink(tmp_path / "log.sqlite") as sink:
            sink.write(event(number))
    assert [one.track_id for one in stored(tmp_path / "log.sqlite")] == [1, 2, 3]


def test_folders_are_made_and_others_may_not_read(tmp_path: Path) -> None:
    path = tmp_path / "state" / "edge" / "log.sqlite"
    with SqliteSink(path) as sink:
        sink.write(event(1))
        sink.commit()
        assert all(part.stat().st_mode & 0o007 == 0 for part in path.parent.iterdir())
    assert path.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "bad", [{"label": "\ud800"}, {"model": "\ud800"}, {"track_id": 2**63}], ids=repr
)
def test_what_sqlite_cannot_hold_is_refused_before_it_holds_up_the_rest(
    tmp_path: Path, bad: dict[str, object]
) -> None:
    good = event(1)
    fields = {name: getattr(good, name) for name in EmotionEvent.__dataclass_fields__}
    with SqliteSink(tmp_path / "log.sqlite") as sink:
        sink.write(good)
        with pytest.raises(SinkError, match="cannot log"):
            sink.write(EmotionEvent(**(fields | bad)))
    assert len(stored(tmp_path / "log.sqlite")) == 1


def test_the_file_is_ours_versioned_and_readable_with_the_shell(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with SqliteSink(path) as sink:
        sink.write(event(3, "happy"))
        journal, full = (
            sqlite3.connect(path).execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous")
        )
    assert (journal, full) == ("wal", 2)
    shell = sqlite3.connect(path)
    assert shell.execute("PRAGMA application_id").fetchone() == (schema.APPLICATION_ID,)
    assert shell.execute("PRAGMA user_version").fetchone() == (schema.SCHEMA_VERSION,)
    (row,) = shell.execute("SELECT time, label, confidence, model FROM readable").fetchall()
    assert row == ("2026-07-25T12:00:03.000Z", "happy", 0.7, "cnn")
    shell.close()


def test_a_log_of_a_newer_release_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    SqliteSink(path).close()
    newer = sqlite3.connect(path)
    newer.execute(f"PRAGMA user_version = {schema.SCHEMA_VERSION + 1}")
    newer.close()
    before = path.read_bytes()
    with pytest.raises(SinkError, match="newer release"):
        SqliteSink(path)
    assert path.read_bytes() == before


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "bookmarks.sqlite"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE bookmark (url TEXT)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(SinkError, match="another program"):
        SqliteSink(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="counts bytes as Linux does")
def test_a_day_of_events_fits_the_card_and_wears_it_little() -> None:
    """An hour of the worst case by the defaults, times 24: 20 MB, and 50 MB written, are allowed.

    docs/decisions/0005_log_writes.py does whole days, and asks the device too.
    """
    script = ROOT / "docs" / "decisions" / "0005_log_writes.py"
    writes: Any = runpy.run_path(str(script))
    hour = itertools.takewhile(lambda at_s: at_s < 3600, writes["always_there"]())
    settings = Settings().log
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as on:
        path = Path(on) / "log.sqlite"
        before = writes["written_bytes"]()
        count, aside = writes["log_a_day"](path, hour, settings, retention(settings))
        wrote = writes["written_bytes"]() - before - aside
        assert count > 3600
        assert len(stored(path)) == count
        assert 24 * wrote < 50_000_000
        assert 24 * path.stat().st_size < 20_000_000
