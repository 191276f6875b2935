"""Two runs compared: noise is no change, a change has a direction, a limit has an exit code."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.cli import app
from benchmarks.measuring.environment import Condition, Machine
from benchmarks.measuring.timing import Measurement
from benchmarks.results.compare import compare, parse_share
from benchmarks.results.results import ModelUsed, Report, SuiteResult, load, save
from edge.cli.app import run_app
from edge.errors import UsageError

CONDITION = Condition(None, None, None, None, None, None, None, 0.0, None, None, 0.0)
MACHINE = Machine("Board", "CPU", "aarch64", 4, None, "6", "3.11", {})


def report(
    ms: float = 2.0, accuracy: float = 0.6, *, seed: int = 0, scatter: float = 0.02
) -> Report:
    values = tuple(ms * np.random.default_rng(seed).normal(1, scatter, 100))
    latency = (Measurement("cnn", "ms", values), Measurement("cnn/faces/s", "", (1e3 / ms,)))
    judged = (Measurement("cnn/accuracy", "share", (accuracy,)),)
    return Report(
        "now", "edge-bench run", MACHINE, (ModelUsed("cnn", "x", "a" * 64, 1, 1),),
        (
            SuiteResult("latency", "done", CONDITION, CONDITION, latency),
            SuiteResult("accuracy", "done", CONDITION, CONDITION, judged),
        ),
    )  # fmt: skip


def verdicts(old: Report, new: Report) -> dict[str, str]:
    return {change.new.name: change.verdict for change in compare(old, new).changes}


def test_the_same_again_is_no_change() -> None:
    found = compare(report(seed=1), report(seed=2))
    assert [c.verdict for c in found.changes] == ["", ""]
    assert found.worse(0.0) == []
    assert found.doubts == ()


def test_more_time_is_worse_and_more_accuracy_better() -> None:
    assert verdicts(report(), report(3.0, 0.7)) == {"cnn": "worse", "cnn/accuracy": "better"}
    assert verdicts(report(), report(1.0, 0.5)) == {"cnn": "better", "cnn/accuracy": "worse"}


def test_only_what_is_worse_past_the_limit_fails() -> None:
    found = compare(report(2.0), report(2.2, seed=1))
    assert [c.new.name for c in found.worse(0.05)] == ["cnn"]
    assert found.worse(0.15) == []


def test_a_difference_within_the_noise_does_not_fail() -> None:
    old, new = report(2.0, scatter=1.0, seed=4), report(2.0, scatter=1.0, seed=5)
    change = compare(old, new).changes[0]
    assert change.ratio.low < 1 < change.ratio.high
    assert change.verdict == ""


def test_what_casts_doubt_on_the_comparison_is_said() -> None:
    new = replace(
        report(),
        machine=replace(MACHINE, board="Other"),
        models=(ModelUsed("cnn", "x", "b" * 64, 1, 1),),
    )
    new = replace(new, suites=(replace(new.suites[0], doubts=("hot",)), new.suites[1]))
    found = " ".join(compare(report(), new).doubts)
    assert "another board (Board, then Other)" in found
    assert "the model cnn is another file" in found
    assert "the new run doubts itself (1 doubts)" in found


@pytest.mark.parametrize(("text", "share"), [("10%", 0.1), ("0.1", 0.1), (" 2.5 % ", 0.025)])
def test_a_limit_is_a_share(text: str, share: float) -> None:
    assert parse_share(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["", "ten", "-5%", "10%%", "nan"])
def test_what_is_no_share_is_an_error(text: str) -> None:
    with pytest.raises(UsageError, match=r"write 10% or 0\.1"):
        parse_share(text)


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    save(report(2.0), old)
    save(report(3.0), new)
    return str(old), str(new)


@pytest.mark.parametrize(
    ("options", "code"), [([], 0), (["--fail-over", "60%"], 0), (["--fail-over", "10%"], 1)]
)
def test_the_exit_code_follows_the_limit(
    files: tuple[str, str], options: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_app(app, "edge-bench", ["compare", *files, *options]) == code
    out = capsys.readouterr().out
    assert "latency: cnn" in out
    assert "worse" in out
    assert ("worse by more than 10%: 1 of 2" in out) == (code == 1)


def test_figures_of_another_file_are_left_out() -> None:
    new = replace(report(3.0), models=(ModelUsed("cnn", "x", "b" * 64, 1, 1),))
    assert compare(report(), new).changes == ()


def test_several_boards_become_one_page(files: tuple[str, str], tmp_path: Path) -> None:
    page, ratios = tmp_path / "boards.html", tmp_path / "ratios.json"
    argv = ["compare", *files, files[1], "--html", str(page), "--json", str(ratios)]
    assert run_app(app, "edge-bench", argv) == 0
    text = page.read_text()
    assert "3 boards side by side" in text
    assert "x1.50" in text
    assert "Board (2)" in text
    assert len(json.loads(ratios.read_text())["comparisons"]) == 2


def test_a_shared_file_is_small_compares_alike_and_names_no_place(tmp_path: Path) -> None:
    whole = replace(
        report(2.0),
        command="edge-bench run --clip /home/somebody/clip.mp4",
        models=(ModelUsed("cnn", "/home/somebody/cnn.tflite", "a" * 64, 1, 1),),
    )
    save(whole, tmp_path / "whole.json")
    argv = ["share", str(tmp_path / "whole.json"), "--out", str(tmp_path / "small.json")]
    assert run_app(app, "edge-bench", argv) == 0
    small = tmp_path / "small.json"
    assert "somebody" not in small.read_text()
    assert small.stat().st_size < (tmp_path / "whole.json").stat().st_size
    (change, *_) = compare(whole, load(small)).changes
    assert change.ratio.value == pytest.approx(1, rel=0.005)
    assert change.verdict == ""


def test_the_ratios_are_written(files: tuple[str, str], tmp_path: Path) -> None:
    path = tmp_path / "ratios.json"
    assert run_app(app, "edge-bench", ["compare", *files, "--json", str(path)]) == 0
    first = json.loads(path.read_text())["changes"][0]
    assert first["value"] == pytest.approx(1.5, rel=0.02)
    assert first["low"] <= first["value"] <= first["high"]


def test_another_schema_version_is_one_sentence(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads(Path(files[0]).read_text())
    Path(files[0]).write_text(json.dumps({**document, "version": 7}))
    assert run_app(app, "edge-bench", ["compare", *files]) == 1
    errors = capsys.readouterr().err
    assert "schema version 7" in errors
    assert errors.count("\n") == 1
