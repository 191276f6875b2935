"""`edge log`: what a person sees of it, and what goes wrong in one sentence."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from samples import (
    START,
    make_log,
    make_mixed_log,
    make_read_only,
    small_disk,
)

from edge.cli.app import run_app
from edge.cli.log import app
from edge.errors import MissingDataError
from edge.log.reader import open_log
from edge.log.schema import DamagedLogError
from edge.sinks.event_json import from_line

Edge = Callable[..., tuple[int, str, str]]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return make_mixed_log(tmp_path / "log.sqlite")


@pytest.fixture
def edge_log(capsys: pytest.CaptureFixture[str]) -> Edge:
    """Run `edge log …`: exit code, standard output, standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = run_app(app, "edge log", [str(argument) for argument in arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_an_empty_log_has_figures_too(tmp_path: Path, edge_log: Edge) -> None:
    path = make_log(tmp_path / "log.sqlite", 0)
    with open_log(path) as opened:
        found = opened.stats()
    assert (found.events, found.first, found.labels, found.fractions) == (0, None, {}, {})
    assert edge_log("stats", "--log", path)[0] == 0
    assert json.loads(edge_log("show", "--json", "--log", path)[1]) == []
    assert edge_log("export", "-", "--format", "json", "--log", path)[1] == "[]\n"


def test_a_log_on_a_read_only_disk_is_read(tmp_path: Path, edge_log: Edge) -> None:
    with small_disk(tmp_path / "card", "256k") as card:
        path = make_log(card / "log.sqlite", 5)
        make_read_only(card)
        with open_log(path) as opened:
            assert opened.stats().events == 5
        code, _, said = edge_log("purge", "--older-than", "1s", "--log", path)
        assert code == 1
        assert "Read-only file system" in said


def test_there_may_be_no_log(
    tmp_path: Path, edge_log: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path = tmp_path / "none.sqlite"
    with pytest.raises(MissingDataError):
        open_log(path)
    for command in (
        ["stats"],
        ["show"],
        ["export", "-"],
        ["forecast"],
        ["purge", "--older-than", "1d"],
        ["delete", "--all"],
    ):
        code, out, said = edge_log(*command, "--log", path)
        assert (code, out) == (3, "")
        assert said == (
            f"edge log: there is no log {path}: do `edge run` or `edge demo` first,"
            " or give another --log\n"
        )
    assert not path.exists()


def test_who_has_no_log_is_told_of_those_that_there_are(
    tmp_path: Path, edge_log: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "emotion-edge").mkdir()
    demo = make_log(tmp_path / "emotion-edge" / "demo.sqlite", 3)
    code, _, said = edge_log("stats")
    assert code == 3
    assert said.endswith(f"do `edge run` first, or give another --log with {demo} (of edge demo)\n")


def test_what_was_not_asked_for_counts_in_the_size_alone(tmp_path: Path, edge_log: Edge) -> None:
    path = make_log(tmp_path / "log.sqlite", 30, label="happy")
    make_log(path, 10, label="sad")
    for more in ([], ["--label", "sad"], ["--since", "1s"]):
        code, out, _ = edge_log("stats", "--json", "--log", path, *more)
        assert code == 0
        found = json.loads(out)
        assert found["logged"] == 40
        assert found["bytes_per_event"] == pytest.approx(found["size_bytes"] / 40)
        assert (found["first"] is None) == (found["events"] == 0)
    code, out, said = edge_log("show", "--since", "1s", "--log", path)
    assert (code, out, said) == (0, "", "no event of the log matches\n")


def test_a_damaged_log_is_one_sentence(tmp_path: Path, edge_log: Edge) -> None:
    path = make_log(tmp_path / "log.sqlite", 300)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(DamagedLogError), open_log(path) as opened:
        list(opened.events())
    for command in (["stats"], ["show"], ["export", "-"], ["purge", "--older-than", "1d"]):
        code, _, said = edge_log(*command, "--log", path)
        assert code == 1
        assert said.startswith(f"edge log: the log {path} is damaged")
        assert said.count("\n") == 1
    assert [part.name for part in tmp_path.iterdir()] == ["log.sqlite"], "reading changes nothing"


def test_a_row_that_makes_no_sense_is_left_out_and_said(log: Path, edge_log: Edge) -> None:
    other = sqlite3.connect(log)
    other.execute("UPDATE event SET scores = x'00' WHERE id = 150")
    other.commit()
    other.close()
    for command in (["show"], ["export", "-"]):
        code, _, said = edge_log(*command, "--log", log)
        assert code == 0
        assert said == "left out 1 damaged events\n"


def test_reading_leaves_nothing_beside_the_log(log: Path, edge_log: Edge) -> None:
    before = log.read_bytes()
    for command in (["stats"], ["show"], ["export", "-"]):
        assert edge_log(*command, "--log", log)[0] == 0
    assert list(log.parent.iterdir()) == [log]
    assert log.read_bytes() == before


def test_another_programs_file_is_refused(tmp_path: Path, edge_log: Edge) -> None:
    path = tmp_path / "other.sqlite"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE event (id)")
    other.close()
    before = path.read_bytes()
    for command in (["stats"], ["delete", "--all"], ["purge", "--max-size", "1KB"]):
        code, _, said = edge_log(*command, "--log", path)
        assert code == 1
        assert "give another" in said
    assert path.read_bytes() == before


def test_stats_on_the_command_line(log: Path, edge_log: Edge) -> None:
    code, out, _ = edge_log("stats", "--log", log)
    assert code == 0
    assert "events   150\n" in out
    assert "happy                    30  20.0%  ████████████████████" in out
    found = json.loads(edge_log("stats", "--json", "--log", log)[1])
    assert found["events"] == 150
    assert found["shares"]["happy"] == pytest.approx(0.2)
    assert datetime.fromisoformat(found["first"]) == START
    assert sum(found["hours"]) == 150


def test_show_on_the_command_line(log: Path, edge_log: Edge) -> None:
    lines = edge_log("show", "-n", "2", "--log", log)[1].splitlines()
    assert len(lines) == 2
    assert "speech" in lines[0]
    assert "happy" in lines[0]
    chosen = edge_log("show", "--json", "--modality", "face", "--label", "sad", "--log", log)[1]
    assert {one["label"] for one in json.loads(chosen)} == {"sad"}
    since = (START + timedelta(seconds=147)).isoformat()
    assert len(json.loads(edge_log("show", "--json", "--since", since, "--log", log)[1])) == 3


def test_export_on_the_command_line(log: Path, tmp_path: Path, edge_log: Edge) -> None:
    code, out, said = edge_log("export", tmp_path / "out.csv", "--log", log)
    assert (code, out) == (0, "")
    assert said == f"150 events written to {tmp_path / 'out.csv'}\n"
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 151
    printed = edge_log("export", "-", "--label", "happy", "--log", log)[1].splitlines()
    assert {from_line(line).label for line in printed} == {"happy"}


def test_purge_and_delete_on_the_command_line(log: Path, edge_log: Edge) -> None:
    done = json.loads(edge_log("purge", "--max-size", "36KB", "--json", "--log", log)[1])
    assert 0 < done["deleted"] < 150
    assert done["size_bytes"] <= 36_000
    left = 150 - done["deleted"]
    code, out, _ = edge_log("delete", "--all", "--log", log)
    assert code == 0
    assert out.startswith(f"{left} events deleted")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["delete"], "--all"),
        (["purge"], "--older-than, --max-size"),
        (["purge", "--older-than", "soon"], "'soon' is no age"),
        (["purge", "--older-than", "99999999d"], "is no age"),
        (["purge", "--max-size", "-3"], "is no size"),
        (["show", "--since", "yesterday"], "'yesterday' is no time"),
        (["show", "--since", "5y"], "is no age"),
        (["show", "-n", "0"], "'-n'"),
        (["stats", "--modality", "smell"], "'--modality': 'smell' is not one of 'face', 'speech'"),
        (["export", "-", "--modality", "smell"], "'--modality': 'smell' is not one of 'face'"),
        (["show", "--modality", "smell"], "'--modality': 'smell' is not one of 'face'"),
        (["export", "out.xls"], "there is no format 'xls'"),
        (["export", "out"], "there is no format ''"),
    ],
    ids=" ".join,
)
def test_wrong_arguments_are_one_sentence(
    log: Path, edge_log: Edge, arguments: list[str], said: str
) -> None:
    code, out, told = edge_log(*arguments, "--log", log)
    assert (code, out) == (2, "")
    assert said in told
    with open_log(log) as opened:
        assert opened.stats().events == 150
