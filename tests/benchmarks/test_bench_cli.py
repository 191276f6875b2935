"""`edge-bench`: tables on standard output, errors of one sentence, nothing finished is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from time import sleep

import fake_suites
import pytest

from benchmarks import cli, runner
from benchmarks.results.results import load
from benchmarks.suites import SUITES
from edge.cli.app import run_app
from edge.system.registry import resolve


def bench(*arguments: str) -> int:
    return run_app(cli.app, "edge-bench", list(arguments))


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "SUITES", fake_suites.TABLE)
    monkeypatch.setattr(cli, "SUITES", fake_suites.TABLE)
    monkeypatch.setattr(cli, "_models", lambda asked: ())


@pytest.mark.parametrize("name", SUITES)
def test_every_registered_suite_is_there(name: str) -> None:
    assert callable(resolve(SUITES, name, "suite"))


@pytest.mark.usefixtures("fakes")
def test_tables_are_printed_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "r.json"
    assert bench("run", "good", "uses-plan", "--threads", "3", "--json", str(path)) == 0
    out = capsys.readouterr().out
    assert out.index("edge-bench, ") < out.index("== good") < out.index("== uses-plan")
    report = load(path)
    assert [s.name for s in report.suites] == ["good", "uses-plan"]
    assert [m.median for m in report.suites[1].measurements] == [3, 300]


@pytest.mark.usefixtures("fakes")
@pytest.mark.parametrize(
    ("options", "rounds"), [([], 300), (["--quick"], 40), (["--quick", "--rounds", "7"], 7)]
)
def test_rounds_win_over_quick(tmp_path: Path, options: list[str], rounds: int) -> None:
    path = tmp_path / "r.json"
    assert bench("run", "uses-plan", *options, "--json", str(path)) == 0
    assert load(path).suites[0].measurements[1].median == rounds


@pytest.mark.usefixtures("fakes")
def test_an_asked_suite_that_lacks_a_part_is_3_and_the_others_run(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert bench("run", "lacks-data", "good") == 3
    out = capsys.readouterr().out
    assert "== lacks-data (skipped: no data set: give --data)" in out
    assert "== good\n" in out


@pytest.mark.usefixtures("fakes")
def test_without_names_a_lacking_part_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (cli, runner):
        monkeypatch.setattr(
            module, "SUITES", {n: fake_suites.TABLE[n] for n in ("good", "lacks-data")}
        )
    assert bench("run") == 0


@pytest.mark.usefixtures("fakes")
def test_a_failed_suite_is_1_and_the_others_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench("run", "breaks", "good") == 1
    assert "== good" in capsys.readouterr().out


@pytest.mark.usefixtures("fakes")
def test_an_interrupt_keeps_what_is_finished_and_stops(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "r.json"
    assert bench("run", "good", "interrupted", "uses-plan", "--json", str(path)) == 130
    assert [s.status for s in load(path).suites] == ["done", "interrupted"]
    assert "uses-plan" not in capsys.readouterr().out.split("\n", 1)[1]


@pytest.mark.usefixtures("fakes")
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["run", "speed"], 2, "there is no suite 'speed': choose one of good, "),
        (["run", "--rounds", "0"], 2, "rounds"),
        (["run", "--data", "/no/where.csv"], 3, "there is no data set /no/where.csv"),
        (["run", "--clip", "/no/where.mp4"], 3, "there is no clip /no/where.mp4"),
        (["run", "good", "--json", "/no/where/r.json"], 2, "/no/where/r.json cannot be written"),
        (["fly"], 2, "fly"),
    ],
)
def test_a_wrong_argument_is_one_sentence(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench(*arguments) == code
    errors = capsys.readouterr().err
    assert errors.startswith("edge-bench: ")
    assert said in errors
    assert errors.count("\n") == 1


def test_a_model_that_is_not_there_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench("run", "size", "--models", "cnn,nope") == 3
    errors = capsys.readouterr().err
    assert errors.startswith("edge-bench: there is no model 'nope': give a .tflite's path or a")
    assert errors.count("\n") == 1


@pytest.mark.usefixtures("fakes")
def test_reports_are_written_with_what_is_finished(tmp_path: Path) -> None:
    html, markdown = tmp_path / "r.html", tmp_path / "r.md"
    options = ["--html", str(html), "--markdown", str(markdown)]
    assert bench("run", "good", "interrupted", *options) == 130
    for path in (html, markdown):
        text = path.read_text(encoding="utf-8")
        assert "good" in text
        assert "interrupted: stopped by Ctrl-C" in text


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench("schema") == 0
    assert "Measurement" in json.loads(capsys.readouterr().out)["$defs"]


def test_no_tensorflow_comes_with_the_command() -> None:
    code = (
        "import sys; from benchmarks import cli; from benchmarks.suites import SUITES;"
        "from edge.system.registry import resolve; [resolve(SUITES, n, 'suite') for n in SUITES];"
        "print(sorted({'tensorflow', 'keras', 'matplotlib', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.timeout(60)
def test_ctrl_c_keeps_what_is_finished(tmp_path: Path) -> None:
    """A real process, a real signal: its second suite waits for ever."""
    path = tmp_path / "r.json"
    code = (
        "import sys, time; sys.path.insert(0, sys.argv[1]); import fake_suites;"
        "from benchmarks import cli, runner; from edge.cli.app import run_app;"
        "cli.SUITES = runner.SUITES = fake_suites.TABLE; cli._models = lambda asked: ();"
        "fake_suites.uses_plan = lambda plan: iter(lambda: time.sleep(60), 0);"
        "arguments = ['run', 'good', 'uses-plan', '--json', sys.argv[2]];"
        "sys.exit(run_app(cli.app, 'edge-bench', arguments))"
    )
    folder = str(Path(fake_suites.__file__).parent)
    child = subprocess.Popen([sys.executable, "-c", code, folder, str(path)])
    try:
        while not path.exists():
            assert child.poll() is None
            sleep(0.05)
        sleep(0.2)
        os.kill(child.pid, signal.SIGINT)
        assert child.wait(20) == 130
    finally:
        child.kill()
        child.wait()
    assert [s.status for s in load(path).suites] == ["done", "interrupted"]
