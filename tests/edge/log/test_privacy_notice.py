"""The notice says what these settings do, and `edge log` knows what they let it keep."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from samples import event, make_log

from edge.cli.app import run_app
from edge.cli.log import app
from edge.log.count_sink import CountsSink
from edge.log.event_sink import SqliteSink
from edge.log.privacy_notice import notice_text
from edge.log.reader import open_log
from edge.settings.loading import override
from edge.settings.sections import Settings

Edge = Callable[..., tuple[int, str, str]]


def notice(**changes: object) -> str:
    given = {key.replace("__", "."): value for key, value in changes.items()}
    return " ".join(notice_text(override(Settings(), given, "test"), "Ada, 12 34 56").split())


@pytest.fixture
def edge_log(capsys: pytest.CaptureFixture[str]) -> Edge:
    def run(*arguments: object) -> tuple[int, str, str]:
        code = run_app(app, "edge log", [str(argument) for argument in arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_a_forecast_is_named_where_there_is_one() -> None:
    assert "which emotion may follow" in notice(forecast__enabled=True)
    assert "may follow" not in notice()


def test_the_notice_says_what_is_done_what_is_kept_and_who_answers() -> None:
    said = notice()
    assert "EMOTION RECOGNITION" in said
    assert "No picture is stored or sent" in said
    assert "Kept for 30 days: the time, the estimate" in said
    assert "Ada, 12 34 56" in said
    assert "voices" not in said
    assert "server" not in said


@pytest.mark.parametrize(
    ("changes", "said", "not_said"),
    [
        ({"mic__source": "default"}, "No picture or sound", "No picture is"),
        ({"mic__source": "default", "camera__source": "none"}, "A microphone here", "picture"),
        ({"log__retention_days": 1}, "Kept for 1 day:", "30 days"),
        ({"log__path": "none"}, "Nothing is kept.", "Kept for"),
        ({"log__mode": "ram"}, "until the device is switched off", "Nothing"),
        ({"privacy__mode": "counts"}, "counted every minute", "passing number"),
        (
            {"privacy__mode": "counts", "privacy__count_interval_s": 900},
            "counted every 15 minutes",
            "passing number",
        ),
        ({"mqtt__host": "broker"}, "also sent", "Nothing is kept"),
        (
            {"alerts__url": "https://hooks.example/T0KEN", "alerts__weekly": True},
            "Once a week the operator is sent how often",
            "T0KEN",
        ),
        ({"alerts__url": "https://hooks.example/T0KEN"}, "Kept for", "Once a week"),
        ({"mqtt__host": "broker", "privacy__mode": "counts"}, "counted every", "also sent"),
    ],
    ids=str,
)
def test_the_notice_follows_the_settings(
    changes: dict[str, object], said: str, not_said: str
) -> None:
    text = notice(**changes)
    assert said in text
    assert not_said not in text


def test_the_notice_on_the_command_line(tmp_path: Path, edge_log: Edge) -> None:
    config = tmp_path / "edge.toml"
    config.write_text("[log]\nretention_days = 7\n")
    code, out, _ = edge_log("notice", "--config", config, "--who", "The museum")
    assert code == 0
    assert "Kept for 7 days" in out
    assert "The museum" in out
    assert max(map(len, out.splitlines())) <= 76


def test_purge_applies_the_retention_of_the_settings(tmp_path: Path, edge_log: Edge) -> None:
    path = tmp_path / "log.sqlite"
    now = datetime.now(UTC)
    with SqliteSink(path) as sink:
        for days in (9, 8, 6, 0):
            sink.write(replace(event(days), time=now - timedelta(days=days)))
    config = tmp_path / "edge.toml"
    config.write_text(f'[log]\npath = "{path}"\nretention_days = 7\n')
    code, out, _ = edge_log("purge", "--config", config, "--json")
    assert (code, json.loads(out)["deleted"]) == (0, 2)
    with open_log(path) as log:
        assert [one.track_id for one in log.events()] == [6, 0]
    config.write_text('[log]\npath = "none"\n')
    code, _, said = edge_log("purge", "--config", config)
    assert code == 2
    assert "keeps no log" in said


def test_counts_are_exported(tmp_path: Path, edge_log: Edge) -> None:
    path = tmp_path / "log.sqlite"
    with CountsSink(path) as sink:
        for number in range(3):
            sink.write(event(number, "happy"))
        sink.note("a remark")
    code, out, _ = edge_log("export", "-", "--counts", "--format", "csv", "--log", path)
    assert code == 0
    assert out.splitlines() == [
        "start,interval_s,modality,label,events,model,wrong_clock",
        "2026-07-25T12:00:00+00:00,60,face,happy,3,cnn,false",
    ]
    stats = edge_log("stats", "--log", path)[1]
    assert "counted  3 of them" in stats
    assert "a remark" in stats
    assert json.loads(edge_log("stats", "--json", "--log", path)[1])["counted"] == 3


def test_parquet_holds_every_event_with_its_type(tmp_path: Path, edge_log: Edge) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    path = make_log(tmp_path / "log.sqlite", 3)
    make_log(path, 1, modality="speech", model="audio")
    out = tmp_path / "out.parquet"
    assert edge_log("export", out, "--log", path)[0] == 0
    table = parquet.read_table(out)
    assert table.num_rows == 4
    assert str(table.schema.field("time").type) == "timestamp[us, tz=UTC]"
    rows = table.to_pylist()
    assert rows[0]["time"] == event(1).time
    assert rows[0]["track_id"] == 1
    assert rows[0]["score_fear"] == pytest.approx(0.7 if event(1).label == "fear" else 0.05)
    assert rows[3]["x"] is None
    with CountsSink(path) as sink:
        sink.write(event(1, "sad"))
    assert edge_log("export", out, "--counts", "--force", "--log", path)[0] == 0
    assert parquet.read_table(out).to_pylist()[0]["events"] == 1


def test_parquet_without_pyarrow_says_what_to_install(
    tmp_path: Path, edge_log: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    path = make_log(tmp_path / "log.sqlite", 1)
    code, _, said = edge_log("export", tmp_path / "out.parquet", "--log", path)
    assert code == 3
    assert "emotion-edge[parquet]" in said
    assert sorted(part.name for part in tmp_path.iterdir()) == ["log.sqlite"]
