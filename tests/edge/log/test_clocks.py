"""An event by a clock that was wrong is marked wherever it is shown, printed or counted."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from samples import event

from edge.cli.app import run_app
from edge.cli.log import app
from edge.log.clocks import is_wrong
from edge.log.count_sink import CountsSink
from edge.log.event_sink import SqliteSink
from edge.log.export import FORMATS, events_table, export_file
from edge.log.reader import open_log
from edge.sinks.event_json import from_line

NOW = datetime(2026, 8, 1, tzinfo=UTC)


@pytest.mark.parametrize("time", [datetime(1970, 1, 1, tzinfo=UTC), NOW + timedelta(days=365)])
def test_a_time_that_cannot_be_is_wrong(time: datetime) -> None:
    assert is_wrong(time, NOW)


@pytest.mark.parametrize("days", [-2000, -1, 0, 0.9])
def test_a_time_that_can_be_is_not(days: float) -> None:
    assert not is_wrong(NOW + timedelta(days=days), NOW)


@pytest.fixture
def times() -> list[datetime]:
    """A board without a clock: 1970, then a year ahead, at last the network's time."""
    now = datetime.now(UTC)
    return [datetime(1970, 1, 1, 0, 0, 9, tzinfo=UTC), now + timedelta(days=365), now]


@pytest.fixture
def log(tmp_path: Path, times: list[datetime]) -> Path:
    path = tmp_path / "log.sqlite"
    with SqliteSink(path) as sink:
        for time in times:
            sink.write(replace(event(1), time=time))
    return path


@pytest.fixture
def edge_log(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def run(*arguments: object) -> str:
        assert run_app(app, "edge log", [str(argument) for argument in arguments]) == 0
        return capsys.readouterr().out

    return run


def test_it_is_marked_where_events_are_shown(log: Path, edge_log: Callable[..., str]) -> None:
    lines = edge_log("show", "--log", log).splitlines()
    assert [line.endswith("  (by a wrong clock)") for line in lines] == [True, True, False]
    found = json.loads(edge_log("show", "--json", "--log", log))
    assert [one.get("wrong_clock") for one in found] == [True, True, None]


def test_it_is_marked_in_every_export(
    log: Path, edge_log: Callable[..., str], times: list[datetime]
) -> None:
    table = edge_log("export", "-", "--format", "csv", "--log", log)
    rows = csv.DictReader(io.StringIO(table))
    assert [row["wrong_clock"] for row in rows] == ["true", "true", "false"]
    lines = edge_log("export", "-", "--log", log).splitlines()
    whole = json.loads(edge_log("export", "-", "--format", "json", "--log", log))
    assert [json.loads(line) for line in lines] == whole
    assert [one.get("wrong_clock") for one in whole] == [True, True, None]
    assert [from_line(line).time for line in lines] == times


def test_it_is_marked_in_parquet(log: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    with open_log(log) as opened:
        export_file(events_table(opened.events(), []), tmp_path / "out", FORMATS["parquet"])
    assert parquet.read_table(tmp_path / "out")["wrong_clock"].to_pylist() == [True, True, False]


def test_it_is_counted(log: Path, edge_log: Callable[..., str]) -> None:
    assert "clock    2 of them" in edge_log("stats", "--log", log)
    assert json.loads(edge_log("stats", "--json", "--log", log))["wrong_clock"] == 2
    since = ("--since", "2h", "--until", (datetime.now(UTC) + timedelta(hours=1)).isoformat())
    assert "clock " not in edge_log("stats", "--log", log, *since)


def test_counts_are_marked_too(
    tmp_path: Path, edge_log: Callable[..., str], times: list[datetime]
) -> None:
    path = tmp_path / "counts.sqlite"
    with CountsSink(path, 60) as sink:
        for time in times:
            sink.write(replace(event(1), time=time))
    table = edge_log("export", "-", "--counts", "--format", "csv", "--log", path)
    rows = csv.DictReader(io.StringIO(table))
    assert [row["wrong_clock"] for row in rows] == ["true", "false", "true"]  # by time
    assert json.loads(edge_log("stats", "--json", "--log", path))["wrong_clock"] == 2
