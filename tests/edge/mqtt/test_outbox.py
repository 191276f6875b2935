"""What of a log has been handed on: the cursor outlives processes, purges and damage."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from samples import START, event, make_log

from edge.log.event_sink import SqliteSink
from edge.log.purge import delete_all, purge
from edge.mqtt.outbox import Outbox


def log_events(path: Path, numbers: range) -> None:
    with SqliteSink(path, commit_interval_s=3600) as log:
        for number in numbers:
            log.write(event(number))


def test_the_cursor_outlives_the_process_and_what_was_not_settled_comes_again(
    tmp_path: Path,
) -> None:
    path = make_log(tmp_path / "log.sqlite", 0)
    box = Outbox(path, "test")
    log_events(path, range(1, 11))
    taken = box.take(6)
    assert [number for number, _ in taken] == [1, 2, 3, 4, 5, 6]
    box.settle(*taken[3])
    box.close()
    again = Outbox(path, "test")
    assert [number for number, _ in again.take(100)] == [5, 6, 7, 8, 9, 10]
    assert again.take(100) == []


def test_a_log_that_was_emptied_is_followed_from_its_new_beginning(tmp_path: Path) -> None:
    path = make_log(tmp_path / "log.sqlite", 0)
    box = Outbox(path, "test")
    log_events(path, range(1, 11))
    box.settle(*box.take(100)[-1])
    delete_all(path)
    assert box.take(100) == []
    log_events(path, range(20, 23))
    assert [one.track_id for _, one in box.take(100)] == [20, 21, 22]


def test_a_log_that_was_emptied_and_is_longer_than_before_is_noticed_too(tmp_path: Path) -> None:
    path = make_log(tmp_path / "log.sqlite", 0)
    box = Outbox(path, "test")
    log_events(path, range(1, 11))
    box.settle(*box.take(100)[-1])
    box.close()
    delete_all(path)
    log_events(path, range(50, 80))
    assert [one.track_id for _, one in Outbox(path, "test").take(3)] == [50, 51, 52]


def test_events_that_retention_took_are_passed_over(tmp_path: Path) -> None:
    path = make_log(tmp_path / "log.sqlite", 0)
    box = Outbox(path, "test")
    log_events(path, range(1, 41))
    box.settle(*box.take(10)[-1])
    purge(path, before=START + timedelta(seconds=30))
    box.rewind()
    assert [one.track_id for _, one in box.take(100)] == list(range(30, 41))


@pytest.mark.parametrize("garbage", ["", "x", "[1]", '["1", 2]', "[-1, 2]", "[true, 1]", "\0"])
def test_a_cursor_that_is_damaged_begins_at_the_logs_end(tmp_path: Path, garbage: str) -> None:
    path = make_log(tmp_path / "log.sqlite", 5)
    (tmp_path / "log.test-cursor").write_text(garbage)
    box = Outbox(path, "test")
    assert box.take(10) == []
    log_events(path, range(6, 8))
    assert [one.track_id for _, one in box.take(10)] == [6, 7]
