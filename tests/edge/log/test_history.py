"""What is counted as the log grows is what a count of its events would give, whatever is done."""

from __future__ import annotations

import sqlite3
import tempfile
import zlib
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import START, event, make_log

from edge.log import packed, schema
from edge.log.count_sink import CountsSink
from edge.log.event_sink import SqliteSink
from edge.log.filter import Filter
from edge.log.history import DAY, HOUR, WEEKDAY_HOUR, History
from edge.log.migrations import MIGRATIONS
from edge.log.purge import delete_all, keep, purge
from edge.log.reader import open_log
from edge.log.retention import Retention
from edge.log.tables import DIVISIONS
from edge.log.zones import local, offset_spans
from edge.types import EmotionEvent


def seen(at_s: float, track: int, label: str = "happy") -> EmotionEvent:
    one = event(track, label)
    return replace(one, time=START + timedelta(seconds=at_s), track_id=track)


def heard(at_s: float, label: str = "happy", modality: str = "speech") -> EmotionEvent:
    one = event(1, label, modality=modality, model=modality)
    return replace(one, time=START + timedelta(seconds=at_s))


def write(path: Path, *events: EmotionEvent) -> Path:
    with SqliteSink(path, commit_interval_s=3600) as sink:
        for one in events:
            sink.write(one)
    return path


def recounted(path: Path) -> dict[tuple[int, int, int], int]:
    connection = sqlite3.connect(path)
    rows = connection.execute(
        "SELECT time_us / 900000000, model_id, label_id, count(*) FROM event GROUP BY 1, 2, 3"
    ).fetchall()
    connection.close()
    return {(quarter, model, label): count for quarter, model, label, count in rows}


def kept(path: Path) -> dict[tuple[int, int, int], int]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT quarter, model_id, label_id, events FROM history").fetchall()
    connection.close()
    return {(quarter, model, label): count for quarter, model, label, count in rows}


def assert_packs_are_true(path: Path) -> None:
    connection = sqlite3.connect(path)
    with_packs = packed.read(connection, -(10**9), 10**9)
    connection.execute("DELETE FROM packed_day")
    assert np.array_equal(with_packs, packed.read(connection, -(10**9), 10**9))
    connection.close()


_EVENTS = st.lists(
    st.builds(
        lambda at_s, track, label, modality: replace(
            event(track, label, modality=modality), time=START + timedelta(seconds=at_s)
        ),
        st.integers(-100_000, 100_000),
        st.integers(1, 5),
        st.sampled_from(["happy", "fear", "fearful"]),
        st.sampled_from(["face", "speech", "fusion"]),
    ),
    max_size=40,
)


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        _EVENTS | st.integers(-100_000, 100_000) | st.sampled_from(["size", "all"]), max_size=6
    )
)
def test_counts_are_true_after_whatever_is_done(steps: list[object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "log.sqlite", event(1))
        for step in steps:
            if isinstance(step, list):
                write(path, *step)
            elif isinstance(step, int):
                purge(path, before=START + timedelta(seconds=step))
            elif step == "size":
                purge(path, max_size_bytes=33_000)
            else:
                delete_all(path)
            assert kept(path) == recounted(path)
            assert_packs_are_true(path)
        with open_log(path) as log:
            found = log.stats(UTC)
            assert found.events == len(list(log.events()))
            assert found.moments <= found.events


def test_days_that_are_over_are_packed_and_a_damaged_pack_costs_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "log.sqlite", *(seen(20_000 * n, n + 1) for n in range(30)))
    keep(path, Retention(timedelta(days=3650), 10**9), START + timedelta(days=8))
    with open_log(path) as log:
        found = log.stats(UTC)
    connection = sqlite3.connect(path)
    days = [day for (day,) in connection.execute("SELECT day FROM packed_day ORDER BY day")]
    assert days == list(range(days[0], days[0] + len(found.days) - 2))
    assert_packs_are_true(path)
    for damage in (b"", b"damaged", zlib.compress(b"12345"), None, 7, "text"):
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("UPDATE packed_day SET history = ifnull(?, x'00')", [damage])
        connection.commit()
        with open_log(path) as log:
            assert log.stats(UTC).labels == found.labels
    write(path, seen(20_000 * 10, 99))
    assert_packs_are_true(path)
    connection.close()


def test_a_moment_that_was_seen_heard_and_fused_is_one(tmp_path: Path) -> None:
    fused = replace(heard(10.2, "sad", "fusion"), track_id=3)
    path = write(
        tmp_path / "log.sqlite",
        *(seen(second, 3, "angry") for second in range(20)),
        heard(4.0, "fearful"),
        *(seen(10.0, 4), seen(10.1, 3, "angry"), heard(10.2, "fear"), fused),
        seen(30, 3),
    )
    with open_log(path) as log:
        found = log.stats(UTC)
        assert (found.events, found.moments) == (26, 24)
        assert found.labels == {"angry": 20, "happy": 2, "fear": 1, "sad": 1}
        assert log.stats(UTC, Filter(modality="face")).labels == {"angry": 21, "happy": 2}
        assert log.stats(UTC, Filter(label="fear")).moments == 1
        assert log.stats(UTC, Filter(label="fearful", modality="speech")).events == 2
        assert [one.label for one in log.events(Filter(label="fear"))] == ["fearful", "fear"]


def test_what_waits_for_its_commit_is_counted_alike(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    fused = replace(heard(10.2, "sad", "fusion"), track_id=3)
    with SqliteSink(path, 3600, memory=tmp_path) as sink:
        for one in (seen(0, 3), seen(10.1, 3), heard(10.2, "fear"), fused):
            sink.write(one)
        with open_log(path) as log:
            waiting = log.stats(UTC)
        sink.commit()
        with open_log(path) as log:
            committed = log.stats(UTC)
    assert (waiting.events, waiting.waiting, committed.waiting) == (4, 4, 0)
    assert waiting.labels == committed.labels == {"happy": 1, "sad": 1}
    assert waiting.first == committed.first
    assert waiting.modalities == committed.modalities


def test_visitors_are_tracks_and_a_number_used_again_is_another(tmp_path: Path) -> None:
    path = write(
        tmp_path / "log.sqlite",
        *(seen(second, 1) for second in range(5)),
        *(seen(second, 2) for second in range(0, 200, 20)),
        seen(3000, 1),  # a later run counts from 1 again
        *(seen(3600 + second, 7) for second in range(0, 1000, 50)),
    )
    with open_log(path) as log:
        found = log.stats(UTC).visitors
        assert (found.visits, found.by_stay) == (4, [2, 0, 1, 1])
        assert found.stay_s == pytest.approx(4 + 180 + 950)
        rows = log.table("hour", zone=UTC)
        assert [row.visitors.visits for row in rows.values()] == [3, 1]
        assert log.stats(UTC, Filter(modality="face")).visitors == found
        for other in (Filter(label="happy"), Filter(modality="speech")):
            assert log.stats(UTC, other).visitors.visits == 0
    purge(path, before=START + timedelta(seconds=3601))
    with open_log(path) as log:
        assert log.stats(UTC).visitors.visits == 1, "his first second is gone, and he is not"
    delete_all(path)
    with open_log(path) as log:
        assert log.stats(UTC).visitors.visits == 0


def test_an_earlier_release_s_log_is_counted_as_it_is_brought_up_to_date(tmp_path: Path) -> None:
    fused = replace(heard(10.2, "sad", "fusion"), track_id=3)
    some = [seen(second, 3) for second in range(11)] + [heard(10.2), fused, seen(500, 3)]
    new = write(tmp_path / "new.sqlite", *some)
    old = sqlite3.connect(tmp_path / "old.sqlite", isolation_level=None)
    for statements in MIGRATIONS[:2]:
        for statement in statements:
            old.execute(statement)
    old.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    old.execute("PRAGMA user_version = 2")
    old.execute("ATTACH ? AS new", [str(new)])
    for table in ("model", "label", "event"):
        columns = ", ".join(row[1] for row in old.execute(f"PRAGMA main.table_info({table})"))
        old.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}")
    old.close()
    with open_log(new) as one, open_log(tmp_path / "old.sqlite") as other:
        assert one.stats(UTC).labels == other.stats(UTC).labels
        assert one.stats(UTC).visitors == other.stats(UTC).visitors
    assert kept(tmp_path / "old.sqlite") == recounted(tmp_path / "old.sqlite")


def test_counts_mode_has_the_same_charts_and_no_visitor(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with CountsSink(path, 0) as sink:
        for hour in (0, 0, 5):
            sink.write(seen(hour * 3600, 1))
    with open_log(path) as log:
        rows = log.table("hour", zone=UTC)
        assert [row.moments for row in rows.values()] == [2, 1]
        assert log.stats(UTC).visitors.visits == 0
    purge(path, before=START + timedelta(hours=2))
    with open_log(path) as log:
        assert log.stats(UTC).events == 1


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "Europe/Berlin", "Australia/Lord_Howe"])
@settings(max_examples=8, deadline=None)
@given(first=st.integers(1_900_000, 2_100_000), days=st.integers(0, 500))
def test_spans_are_local_time_with_every_change_of_the_clocks(
    zone: str, first: int, days: int
) -> None:
    where = ZoneInfo(zone)
    found = list(offset_spans(first, first + 96 * days, where))
    assert [one.first for one in found[1:]] == [one.end for one in found[:-1]]
    for one in found:
        for quarter in (one.first, (one.first + one.end) // 2, one.end - 1):
            wall = local(quarter, where).replace(tzinfo=UTC)
            assert wall == datetime.fromtimestamp((quarter + one.offset) * 900, UTC)


def test_divisions_are_those_of_the_calendar_over_a_change_of_the_clocks(tmp_path: Path) -> None:
    berlin, path = ZoneInfo("Europe/Berlin"), tmp_path / "log.sqlite"
    begin = datetime(2026, 10, 20, tzinfo=UTC)  # the clocks go back on the 25th
    times = [begin + timedelta(minutes=17 * step) for step in range(1500)]
    write(path, *(replace(event(1), time=time) for time in times))
    names = {
        "hour": "%Y-%m-%dT%H",
        "day": "%Y-%m-%d",
        "week": "%G-W%V",
        "month": "%Y-%m",
        "weekday": "%A",
    }
    assert names.keys() == DIVISIONS.keys()
    with open_log(path) as log:
        for by, form in names.items():
            rows = log.table(by, zone=berlin)
            want = Counter(time.astimezone(berlin).strftime(form) for time in times)
            assert {name: row.moments for name, row in rows.items()} == want


def test_times_are_taken_to_the_quarter_of_an_hour(tmp_path: Path) -> None:
    path = make_log(tmp_path / "log.sqlite", 3000)  # 50 minutes from 12:00:01 on
    with open_log(path) as log:
        since = START + timedelta(minutes=15)
        with log.history(Filter(since=since, until=since + timedelta(minutes=15))) as (history, _):
            assert sum(one.total() for one in history.labels(DAY).values()) == 900
            assert history.bounds() == (since, since + timedelta(seconds=899))
        assert log.stats(which=Filter(until=START)).events == 0
        assert log.stats(which=Filter(since=START + timedelta(days=1))).first is None


def test_an_empty_log_has_an_empty_history(tmp_path: Path) -> None:
    path = make_log(tmp_path / "log.sqlite", 0)
    connection = sqlite3.connect(path)
    history = History(connection)
    for bucket in (HOUR, DAY, WEEKDAY_HOUR):
        assert history.labels(bucket) == history.visitors(bucket) == {}
    assert history.bounds() == (None, None)
    connection.close()
