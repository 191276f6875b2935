"""Counts instead of events: they add up, and hold nothing that one person could be told by."""

from __future__ import annotations

import sqlite3
import tempfile
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import LABELS, START, event, events, fill, make_log, small_disk

from edge.log.count_sink import CountsSink
from edge.log.filter import Filter
from edge.log.purge import delete_all
from edge.log.reader import open_log
from edge.log.stats import Count
from edge.types import EmotionEvent


def counts(path: Path, which: Filter | None = None) -> list[Count]:
    with open_log(path) as log:
        return list(log.counts(which or Filter()))


def test_events_are_added_up_by_interval_and_label(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with CountsSink(path, interval_s=60) as sink:
        for second in (1, 2, 59, 60, 61):
            sink.write(replace(event(second, "happy"), time=START + timedelta(seconds=second)))
        sink.write(event(62, "sad"))
    found = [(one.start, one.label, one.events) for one in counts(path)]
    minute = START + timedelta(seconds=60)
    assert found == [(START, "happy", 3), (minute, "happy", 2), (minute, "sad", 1)]
    assert {(one.interval_s, one.modality, one.model) for one in counts(path)} == {
        (60, "face", "cnn")
    }


def test_two_runs_add_to_one_count(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    for _ in range(2):
        with CountsSink(path, 0) as sink:
            sink.write(event(1, "happy"))
            sink.write(event(2, "happy"))
    assert [one.events for one in counts(path)] == [4]


def test_no_event_no_track_no_box_and_no_score_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with CountsSink(path) as sink:
        for number in range(200):
            sink.write(event(1_000_000 + number, LABELS[number % 7]))
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM event").fetchone() == (0,)
    (tables,) = zip(
        *connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'"), strict=True
    )
    filled = {name for name in tables if connection.execute(f"SELECT * FROM {name}").fetchall()}
    assert filled - {"sqlite_sequence"} == {"model", "label", "tally", "history"}
    columns = [row[1] for row in connection.execute("PRAGMA table_info(tally)")]
    assert columns == ["start_s", "interval_s", "model_id", "label_id", "events"]
    connection.close()


def test_stats_know_what_is_only_counted(tmp_path: Path) -> None:
    path = make_log(tmp_path / "log.sqlite", 3)
    with CountsSink(path) as sink:
        assert sink.holds_events
        for number in range(4, 9):
            sink.write(event(number, "happy"))
    with open_log(path) as log:
        found = log.stats()
    assert (found.events, found.counted, found.modalities) == (8, 5, {"face": 8})
    assert sum(found.hours) == 8


def test_what_cannot_be_written_waits_and_the_oldest_goes_first(tmp_path: Path) -> None:
    with small_disk(tmp_path / "card", "256k") as card:
        path = card / "log.sqlite"
        sink = CountsSink(path, 0, keep=3)
        ballast = fill(card)
        for minute in range(5):
            for _ in range(2):
                sink.write(replace(event(1, "happy"), time=START + timedelta(minutes=minute)))
        assert (sink.pending, sink.lost) == (6, 4)
        assert sink.trouble
        ballast.unlink()
        sink.write(replace(event(1, "happy"), time=START + timedelta(minutes=4)))
        assert (sink.pending, sink.trouble) == (0, None)
        sink.lost = 0
        sink.close()
        assert [one.events for one in counts(path)] == [2, 2, 3]


def test_more_minutes_than_may_wait_are_committed_before_they_are_due(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with CountsSink(path, 3600, keep=3) as sink:
        for minute in range(5):
            sink.write(replace(event(1, "happy"), time=START + timedelta(minutes=minute)))
        assert (sink.pending, sink.lost) == (2, 0)
    assert [one.events for one in counts(path)] == [1, 1, 1, 1, 1]


def test_counts_are_deleted_with_everything(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with CountsSink(path, 3600, memory=tmp_path) as sink:
        sink.write(event(1, "happy"))
        sink.commit()
        sink.write(event(2, "happy"))
        delete_all(path)
        sink.write(event(3, "sad"))
    assert [(one.label, one.events) for one in counts(path)] == [("sad", 1)]


@pytest.mark.parametrize("interval_s", [60, 900])
@settings(max_examples=30, deadline=None)
@given(sent=st.lists(events(), max_size=10))
def test_no_event_is_missing_in_the_counts(interval_s: int, sent: list[EmotionEvent]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.sqlite"
        with CountsSink(path, interval_s=interval_s) as sink:
            for one in sent:
                sink.write(one)
        found = counts(path)
        assert sum(one.events for one in found) == len(sent)
        labels = Counter[str]()
        for one in found:
            labels[one.label] += one.events
            assert one.start.timestamp() % interval_s == 0
        assert labels == Counter(one.label for one in sent)
