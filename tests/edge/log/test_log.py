"""The log read, exported, and purged for good."""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
import uuid
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from samples import (
    LABELS,
    START,
    alike,
    event,
    make_log,
    make_mixed_log,
    small_disk,
)

from edge.errors import SinkError, UsageError
from edge.log.event_sink import SqliteSink
from edge.log.export import FORMATS, events_table, export_file, write_csv, writer_for
from edge.log.filter import Filter
from edge.log.paths import default_log_path
from edge.log.purge import delete_all, purge
from edge.log.reader import open_log
from edge.sinks.event_json import from_line


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return make_mixed_log(tmp_path / "log.sqlite")


def test_stats_count_what_is_there(log: Path) -> None:
    with open_log(log) as opened:
        found = opened.stats(ZoneInfo("Asia/Kolkata"))
    assert found.events == 150
    assert (found.first, found.last) == (START, START + timedelta(seconds=149))
    assert found.labels == {"happy": 30} | dict.fromkeys(LABELS, 20) | {"happy": 30}
    assert next(iter(found.labels)) == "happy"
    assert found.fractions["happy"] == pytest.approx(0.2)
    assert found.modalities == {"face": 140, "speech": 10}
    assert found.days == {"2026-07-25": 150}
    assert found.hours[17] == 150  # 12:00 UTC is 17:30 there
    assert found.size_bytes == log.stat().st_size
    assert found.bytes_per_event == pytest.approx(log.stat().st_size / 150)


def test_days_are_the_local_ones(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with SqliteSink(path) as sink:
        for hour in range(48):
            sink.write(replace(event(1), time=START + timedelta(hours=hour, minutes=20)))
    with open_log(path) as opened:
        kathmandu = opened.stats(ZoneInfo("Asia/Kathmandu"))  # UTC+5:45
        auckland = opened.stats(ZoneInfo("Pacific/Auckland"))  # UTC+12
    assert kathmandu.days == {"2026-07-25": 6, "2026-07-26": 24, "2026-07-27": 18}
    assert auckland.days == {"2026-07-26": 24, "2026-07-27": 24}
    assert kathmandu.hours == (2,) * 24


def test_the_log_is_read_beside_its_writer(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with SqliteSink(path, commit_interval_s=0) as sink, open_log(path) as opened:
        for number in (1, 2, 3):
            sink.write(event(number))
            assert opened.stats().events == number


def test_the_latest_come_in_order_and_filtered(log: Path) -> None:
    with open_log(log) as opened:
        assert [one.track_id for one in opened.latest(3)] == [147, 148, 149]
        happy = opened.latest(2, Filter(label="happy", modality="face"))
        assert [one.label for one in happy] == ["happy", "happy"]
        assert [one.track_id for one in happy] == [129, 136]
        late = opened.events(Filter(since=START + timedelta(seconds=145)))
        assert [one.track_id for one in late] == [145, 146, 147, 148, 149]
        assert list(opened.events(Filter(label="' OR 1=1 --"))) == []


def test_jsonl_and_json_hold_every_event(log: Path, tmp_path: Path) -> None:
    with open_log(log) as opened:
        sent = list(opened.events())
        for name in ("jsonl", "json"):
            out = tmp_path / f"out.{name}"
            count = export_file(events_table(opened.events(), []), out, FORMATS[name])
            assert count == 150
            if name == "json":
                lines = [json.dumps(one) for one in json.loads(out.read_text())]
            else:
                lines = out.read_text().splitlines()
            assert all(alike(a, from_line(b)) for a, b in zip(sent, lines, strict=True))


def test_csv_has_a_column_per_score_of_any_model(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with SqliteSink(path) as sink:
        sink.write(event(1, "happy"))
        calm = replace(event(2, modality="speech", model="audio"), scores={"calm": 1.0})
        sink.write(replace(calm, label='calm, "very"'))
    stream = io.BytesIO()
    with open_log(path) as opened:
        write_csv(events_table(opened.events(), opened.score_labels()), stream)
    face, voice = csv.DictReader(io.StringIO(stream.getvalue().decode()))
    assert face["time"] == "2026-07-25T12:00:01+00:00"
    assert (face["x"], face["score_happy"], face["score_calm"]) == ("101", "0.7", "")
    assert (voice["x"], voice["score_happy"], voice["score_calm"]) == ("", "", "1.0")
    assert voice["label"] == 'calm, "very"'


def test_an_export_is_whole_or_not_at_all(log: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "stick", "8k") as stick, open_log(log) as opened:
        (stick / "out.csv").write_text("yesterday's")
        with pytest.raises(SinkError, match="No space left"):
            export_file(events_table(opened.events(), []), stick / "out.csv", FORMATS["csv"])
        assert [part.name for part in stick.iterdir()] == ["out.csv"]
        assert (stick / "out.csv").read_text() == "yesterday's"


def test_an_unknown_format_names_the_choices() -> None:
    with pytest.raises(UsageError, match="csv, json, jsonl, parquet"):
        writer_for("xls")


def test_purge_by_age_keeps_what_is_younger(log: Path) -> None:
    assert purge(log, before=START + timedelta(seconds=100)) == 100
    with open_log(log) as opened:
        assert [one.track_id for one in opened.events()] == list(range(100, 150))
    assert purge(log, before=START + timedelta(seconds=100)) == 0


@pytest.mark.parametrize("limit", [100_000, 40_000, 33_000])
def test_purge_by_size_removes_the_oldest_until_the_file_fits(tmp_path: Path, limit: int) -> None:
    path = make_log(tmp_path / "log.sqlite", 3000)
    gone = purge(path, max_size_bytes=limit)
    assert path.stat().st_size <= limit
    with open_log(path) as opened:
        left = [one.track_id for one in opened.events()]
    assert left == list(range(gone + 1, 3001))
    assert left, "the newest stay"
    assert path.stat().st_size > 0.9 * limit, "no more than needed is deleted"


def test_a_size_without_room_for_an_event_is_refused(tmp_path: Path) -> None:
    path = make_log(tmp_path / "log.sqlite", 30)
    for limit in (0, 29_000, 32_767):
        with pytest.raises(UsageError, match="give 33KB or more"):
            purge(path, before=START + timedelta(days=1), max_size_bytes=limit)
    with open_log(path) as opened:
        assert opened.stats().events == 30


def test_purge_leaves_no_bytes_of_what_went(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    old, young = uuid.uuid4().hex, uuid.uuid4().hex
    with SqliteSink(path) as sink:
        for number in range(100):
            sink.write(replace(event(number), label=old))
        sink.write(replace(event(200), label=young))
    assert purge(path, before=START + timedelta(seconds=150)) == 100
    left = path.read_bytes()
    assert old.encode() not in left
    assert young.encode() in left


def test_delete_all_leaves_no_bytes_and_the_writer_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    secret, model = uuid.uuid4().hex, uuid.uuid4().hex
    # A damaged log that was set aside is part of what has to go.
    aside = make_log(path, 50, label=secret)
    aside.write_bytes(aside.read_bytes()[:2048])
    with SqliteSink(path, commit_interval_s=0) as sink:
        for number in range(500):
            sink.write(event(number, secret, model=model))
        everything = b"".join(part.read_bytes() for part in tmp_path.iterdir())
        assert secret.encode() in everything
        assert model.encode() in everything
        assert delete_all(path) == 500
        left = b"".join(part.read_bytes() for part in tmp_path.iterdir())
        assert secret.encode() not in left
        assert model.encode() not in left
        sink.write(event(501, "happy", model=model))
    with open_log(path) as opened:
        assert [(one.label, one.model) for one in opened.events()] == [("happy", model)]
    assert path.stat().st_size <= 30 * 1024


def test_delete_all_takes_a_damaged_log_too(tmp_path: Path) -> None:
    path = make_log(tmp_path / "log.sqlite", 300)
    path.write_bytes(path.read_bytes()[:5000])
    assert delete_all(path) == 0
    assert not list(tmp_path.iterdir())


def test_delete_all_removes_no_file_that_is_not_a_log(tmp_path: Path) -> None:
    (tmp_path / "edge.toml").write_text("[camera]\nsource = 'auto'\n" * 50)
    with pytest.raises(SinkError, match="not a log"):
        delete_all(tmp_path / "edge.toml")
    assert (tmp_path / "edge.toml").exists()


def test_a_reader_that_holds_the_bytes_is_said(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.log.purge.BUSY_TIMEOUT_S", 0.05)
    reader = sqlite3.connect(log, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM event").fetchone()
    with pytest.raises(SinkError, match=r"another process reads.*repeat"):
        delete_all(log)
    reader.close()
    assert delete_all(log) == 0


def test_the_default_log_is_the_services_or_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("HOME", "/home/ada")
    assert default_log_path() == Path("/home/ada/.local/state/emotion-edge/log.sqlite")
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert default_log_path() == Path("/state/emotion-edge/log.sqlite")
    monkeypatch.setenv("STATE_DIRECTORY", f"/var/lib/edge{os.pathsep}/other")
    assert default_log_path() == Path("/var/lib/edge/log.sqlite")
