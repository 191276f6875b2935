"""`edge log forecast`, and the field `forecast` of an event."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from chains import ALIKE, circle, events, log_of, walk
from samples import LABELS, START, make_log

from edge.cli.app import run_app
from edge.cli.log import app
from edge.errors import UsageError
from edge.forecast.live import ForecastingSink, open_forecasts
from edge.log.count_sink import CountsSink
from edge.settings.loading import override
from edge.settings.sections import Settings
from edge.sinks import Sink
from edge.sinks.event_json import from_line, to_line
from edge.types import EmotionEvent

Edge = Callable[..., tuple[int, str, str]]


@pytest.fixture
def edge_log(capsys: pytest.CaptureFixture[str]) -> Edge:
    def run(*arguments: object) -> tuple[int, str, str]:
        code = run_app(app, "edge log", [str(argument) for argument in arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture(scope="module")
def turning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of 25 minutes in which each label follows the one before it."""
    return log_of(tmp_path_factory.mktemp("log") / "log.sqlite", walk(circle(0.6), 1500))


def with_log(path: Path, **changes: object) -> Settings:
    given = {"log.path": str(path), "forecast.horizon_s": 2.0} | changes
    return override(Settings(), given, "test")


def test_the_present_state_its_future_and_what_that_is_worth(turning: Path, edge_log: Edge) -> None:
    code, out, _ = edge_log("forecast", "--log", turning, "--ahead", 2, "--ahead", 60)
    assert code == 0
    assert "face: 1,500 events" in out
    judged = [line for line in out.splitlines() if line.startswith(("2 s", "60 s"))]
    assert [line.split()[-1] for line in judged] == ["yes", "no"]
    assert f"#1 {LABELS[walk(circle(0.6), 1500)[-1]]} for " in out
    assert "  in 60 s: " in out


def test_the_same_as_json(turning: Path, edge_log: Edge) -> None:
    code, out, _ = edge_log("forecast", "--log", turning, "--json")
    (face,) = json.loads(out)
    assert code == 0
    assert (face["modality"], face["lack"]) == ("face", "")
    assert [one["horizon_s"] for one in face["evaluated"]] == [2.0, 5.0, 10.0]
    best = face["evaluated"][0]
    assert best["wins"] is True
    assert best["gain"][0] == pytest.approx(best["persistence"] - best["log_loss"])
    (now,) = face["present"]
    last = walk(circle(0.6), 1500)[-1]
    assert now["label"] == LABELS[last]
    assert now["time"] == (START + timedelta(seconds=1499)).isoformat()
    for chances in now["ahead"].values():
        assert sum(chances.values()) == pytest.approx(1, abs=0.001)
    likeliest = list(now["ahead"]["2.0"])[:3]
    assert LABELS[(last + 1) % 7] in likeliest


def test_a_short_log_says_what_is_missing(tmp_path: Path, edge_log: Edge) -> None:
    path = make_log(tmp_path / "log.sqlite", 5, modality="speech", model="audio")
    code, out, _ = edge_log("forecast", "--log", path)
    assert code == 0
    assert "too little to forecast by" in out
    code, out, _ = edge_log("forecast", "--log", path, "--json")
    (speech,) = json.loads(out)
    assert speech["evaluated"][0]["log_loss"] is None
    assert speech["present"] == []


def test_counts_have_no_order(tmp_path: Path, edge_log: Edge) -> None:
    path = tmp_path / "log.sqlite"
    with CountsSink(path) as sink:
        for event in events([0, 1, 2]):
            sink.write(event)
    code, out, said = edge_log("forecast", "--log", path)
    assert (code, out) == (3, "")
    assert "holds counts only" in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (["--ahead", "0"], 2, "cannot forecast 0 s ahead"),
        (["--ahead", "1e9"], 2, "1e+09"),
        (["--modality", "fusion"], 3, "holds no fusion events"),
        (["--log", "none.sqlite"], 3, "there is no log"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    turning: Path, edge_log: Edge, arguments: list[str], code: int, named: str
) -> None:
    found, out, said = edge_log("forecast", "--log", turning, *arguments)
    assert (found, out) == (code, "")
    assert named in said
    assert len(said.splitlines()) == 1


class Kept(Sink):
    def __init__(self) -> None:
        self.events: list[EmotionEvent] = []

    def write(self, event: EmotionEvent) -> None:
        self.events.append(event)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass


def test_events_carry_what_may_follow_them(turning: Path) -> None:
    kept = Kept()
    with ForecastingSink(kept, open_forecasts(with_log(turning))) as sink:
        for event in events([0, 1, 1], after_s=10_000):
            sink.write(event)
        other = replace(next(events([0])), label="never seen")
        sink.write(other)
        sink.write(replace(other, modality="speech"))
    first, *_, unseen, speech = kept.events
    assert first.forecast is not None
    assert sum(first.forecast.values()) == pytest.approx(1, abs=0.001)
    assert LABELS[1] in list(first.forecast)[:3]
    assert (unseen.forecast, speech.forecast) == (None, None)
    assert from_line(to_line(first)).forecast == first.forecast
    assert "forecast" not in json.loads(to_line(unseen))


def test_the_field_is_what_the_command_says(turning: Path, edge_log: Edge) -> None:
    """Followed event by event or read from the log, the same past gives the same forecast."""
    kept = Kept()
    sink = ForecastingSink(kept, open_forecasts(with_log(turning)))
    for event in events(walk(circle(0.6), 1500)):
        sink.write(event)
    (face,) = json.loads(edge_log("forecast", "--log", turning, "--json")[1])
    assert kept.events[-1].forecast == pytest.approx(face["present"][0]["ahead"]["2.0"], abs=2e-4)


def test_a_forecast_that_is_not_worth_it_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    chance = log_of(tmp_path / "log.sqlite", walk(ALIKE, 1000))
    with caplog.at_level(logging.WARNING):
        assert open_forecasts(with_log(chance)) == {}
    assert "no forecast of face events" in caplog.text


def test_a_log_that_keeps_no_sequence_is_refused(tmp_path: Path) -> None:
    for changes in ({"privacy.mode": "counts"}, {"log.path": "none"}):
        with pytest.raises(UsageError, match=r"forecast\.enabled"):
            open_forecasts(with_log(tmp_path / "log.sqlite", **changes))


def test_a_run_prints_the_field_and_logs_without_it(turning: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.sqlite"
    log.write_bytes(turning.read_bytes())
    config = tmp_path / "edge.toml"
    config.write_text("[forecast]\nenabled = true\nhorizon_s = 2\n")
    command = [sys.executable, "-m", "edge", "run", "--camera", "synthetic", "--config", config]
    done = subprocess.run(
        [*command, "--log", log, "--output", "jsonl", "--frames", "30"],
        capture_output=True,
        text=True,
        timeout=100,
        env=os.environ | {"XDG_STATE_HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines
    assert all(sum(line["forecast"].values()) == pytest.approx(1, abs=0.001) for line in lines)
