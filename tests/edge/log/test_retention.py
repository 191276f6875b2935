"""What a log keeps by itself: by age and by size, beside a run, and without writing it anew."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from samples import START, event, make_log

from edge.log import database
from edge.log.count_sink import CountsSink
from edge.log.event_sink import SqliteSink
from edge.log.purge import keep
from edge.log.reader import open_log
from edge.log.retention import Retention, trim, used_bytes

DAYS = 3650


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def tracks(path: Path) -> list[int]:
    with open_log(path) as log:
        return [one.track_id for one in log.events()]


def young(seconds: float) -> Retention:
    return Retention(timedelta(seconds=seconds), 10**9)


@pytest.mark.parametrize("how", [keep, lambda path, what, now: _trim(path, what, now)])
def test_the_old_leave_and_the_young_stay(tmp_path: Path, how: object) -> None:
    path = make_log(tmp_path / "log.sqlite", 100)
    assert callable(how)
    assert how(path, young(30), START + timedelta(seconds=100)) == 69
    assert tracks(path) == list(range(70, 101))


def _trim(path: Path, what: Retention, now: datetime) -> int:
    connection = database.connect(path, busy_timeout_s=1)
    try:
        return trim(connection, path, what, now, lambda: True)
    finally:
        connection.close()


def test_beyond_the_size_the_oldest_leave(tmp_path: Path) -> None:
    path = make_log(tmp_path / "log.sqlite", 5000)
    before = path.stat().st_size
    wanted = Retention(timedelta(days=DAYS), 100_000)
    gone = sum(iter(lambda: _trim(path, wanted, START), 0))
    assert tracks(path) == list(range(gone + 1, 5001))
    connection = database.connect(path, busy_timeout_s=1)
    assert 80_000 < used_bytes(connection) <= 100_000
    connection.close()
    assert path.stat().st_size == before, "it is not written anew: that would wear the card"


def test_freed_space_is_used_again(tmp_path: Path) -> None:
    path = make_log(tmp_path / "log.sqlite", 3000)
    size = path.stat().st_size
    _trim(path, Retention(timedelta(days=DAYS), 50_000), START)
    make_log(path, 1500)
    assert path.stat().st_size == size


def test_a_run_applies_it_every_hour_and_at_its_end(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.sqlite"
    now = datetime.now(UTC)
    sink = SqliteSink(path, 0, retention=young(3600), clock=clock)
    for number, age_h in enumerate((3, 2, 0)):
        sink.write(replace(event(number), time=now - timedelta(hours=age_h)))
    assert tracks(path) == [0, 1, 2]
    clock.now_s = 3601.0
    sink.flush()
    assert tracks(path) == [2]
    sink.write(replace(event(3), time=now - timedelta(hours=2)))
    sink.close()
    assert tracks(path) == [2]


def test_counts_and_notes_leave_with_the_others(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    sink = CountsSink(path)
    sink.note("something was done")
    sink.write(event(1))
    sink.write(replace(event(2), time=START + timedelta(hours=2)))
    sink.close()
    keep(path, young(3600), START + timedelta(hours=2))
    with open_log(path) as log:
        assert [one.events for one in log.counts()] == [1]
        assert [text for _, text in log.stats().notes] == ["something was done"]
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    keep(path, young(3600), tomorrow, lambda: False)
    with open_log(path) as log:
        assert [one.events for one in log.counts()] == [1], "nobody knows whether that is the time"
    keep(path, young(3600), tomorrow, lambda: True)
    with open_log(path) as log:
        assert (list(log.counts()), log.stats().notes) == ([], ())


def test_damaged_logs_leave_with_age_and_are_three_at_most(tmp_path: Path) -> None:
    path = make_log(tmp_path / "log.sqlite", 1)
    now = time.time()
    for number in range(5):
        aside = tmp_path / f"log.damaged-2026072{number}T000000Z.sqlite"
        for part in (aside, aside.with_name(aside.name + "-wal")):
            part.write_bytes(b"damaged")
            os.utime(part, (now - 86400 * (4 - number),) * 2)
    keep(path, Retention(timedelta(days=DAYS), 10**9), datetime.now(UTC))
    left = sorted(part.name for part in tmp_path.iterdir() if "damaged" in part.name)
    assert [name[19:20] for name in left] == ["2", "2", "3", "3", "4", "4"]
    keep(path, Retention(timedelta(days=1.5), 10**9), datetime.now(UTC), lambda: True)
    assert len(database.damaged_logs(path)) == 4  # the last two, each with its -wal


def test_a_clock_that_jumps_back_deletes_nothing_and_keeps_the_order(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with SqliteSink(path) as sink:
        for number, hour in enumerate((5, 6, 1, 2)):
            sink.write(replace(event(number), time=START + timedelta(hours=hour)))
    assert keep(path, young(24 * 3600), START + timedelta(hours=2)) == 0
    assert tracks(path) == [0, 1, 2, 3]
    with open_log(path) as log:
        assert log.stats().last == START + timedelta(hours=6)


def test_a_clock_that_was_far_ahead_once_does_not_keep_the_rest_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with SqliteSink(path) as sink:
        sink.write(replace(event(0), time=START + timedelta(days=20_000)))
        for number in range(1, 10):
            sink.write(event(number))
    assert _trim(path, young(60), START + timedelta(days=1)) == 9
    assert tracks(path) == [0]


@pytest.mark.parametrize("ahead", [timedelta(days=40), timedelta(days=365), timedelta(days=27_000)])
def test_a_clock_that_is_ahead_does_not_wipe_the_log(tmp_path: Path, ahead: timedelta) -> None:
    """Neither by the timer nor at a run's end; once it was set by the network, age counts again."""
    path = make_log(tmp_path / "log.sqlite", 100)
    month = Retention(timedelta(days=30), 10**9)
    wrong = START + ahead
    assert keep(path, month, wrong, lambda: False) == 0
    with SqliteSink(path) as sink:  # and that run's own events have the wrong time
        for number in range(101, 104):
            sink.write(replace(event(number), time=wrong + timedelta(seconds=number)))
    assert keep(path, month, wrong + timedelta(hours=1), lambda: False) == 0
    assert len(tracks(path)) == 103
    assert keep(path, month, wrong + timedelta(hours=1), lambda: True) == 100


def test_a_clock_that_says_1970_deletes_nothing(tmp_path: Path) -> None:
    path = make_log(tmp_path / "log.sqlite", 100)
    assert keep(path, young(60), datetime(1970, 1, 1, tzinfo=UTC), lambda: False) == 0
    assert len(tracks(path)) == 100


def test_a_log_that_goes_on_is_trimmed_without_the_networks_time(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with SqliteSink(path) as sink:
        for day in range(60):
            sink.write(replace(event(day), time=START + timedelta(days=day)))
    month = Retention(timedelta(days=30), 10**9)
    assert keep(path, month, START + timedelta(days=60), lambda: False) == 30
