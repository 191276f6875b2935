"""The verdict and the answer to a need say what the tables under them say."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from places import ROOT

from benchmarks.cli import app
from benchmarks.report import document, text, verdict
from benchmarks.report.need import EXAMPLE, Need, answer, parse
from benchmarks.results.results import Report, load, merged
from edge.cli.app import run_app
from edge.errors import UsageError

RESULTS = [ROOT / "docs" / "benchmarks" / "results" / f"{name}.json" for name in ("timed", "clip")]


@pytest.fixture(scope="module")
def report() -> Report:
    return merged([load(path) for path in RESULTS])


def without(report: Report, suite: str) -> Report:
    return replace(report, suites=tuple(s for s in report.suites if s.name != suite))


def test_the_verdict_comes_first_and_its_figures_stand_in_the_tables(report: Report) -> None:
    whole = document.build(report)
    assert whole.sections[0].title == "Verdict"
    below = "\n".join(map(text.section, whole.sections[1:]))
    for found in verdict.faces_of(report):
        assert found.frames_s is not None
        assert found.memory_mb is not None
        assert text.number(found.frames_s) in below
        assert text.number(found.memory_mb) in below
        assert found.network in found.sentence()


def test_what_was_not_measured_is_left_out_of_the_sentence(report: Report) -> None:
    (first, *_) = verdict.faces_of(without(report, "memory"))
    assert first.memory_mb is None
    assert "MB" not in first.sentence()
    assert verdict.section(replace(report, suites=())) is None


def test_a_need_is_answered_by_the_same_figures(report: Report) -> None:
    costs = verdict.frame_costs(report)
    possible = 1e3 / costs[2].wall_ms
    assert answer(Need(faces=2, fps=possible * 0.99), report).met is True
    assert answer(Need(faces=2, fps=possible * 1.01), report).met is False
    share = 15 * costs[2].cpu_ms / 1e3
    assert answer(Need(2, 15, core_share=share * 1.01), report).met is True
    assert answer(Need(2, 15, core_share=share * 0.99), report).met is False


@pytest.mark.parametrize(
    ("text_", "met"),
    [
        (EXAMPLE, True),
        ("1 face at 100000 fps", False),
        ("9 faces at 1 fps", None),
        ("<= 50 % of a core", None),
        ("107.4 MB", True),
        ("at most 50 MB", False),
        ("1 s to first event", True),
        ("0.1 s", False),
        ("2 faces", None),
    ],
)
def test_yes_no_and_not_known(report: Report, text_: str, met: bool | None) -> None:
    found = answer(parse(text_), report)
    assert found.met is met
    assert found.exit_code == {True: 0, False: 1, None: 3}[met]
    assert found.sentence.startswith({True: "yes", False: "no", None: "not known"}[met])


def test_a_frame_with_three_faces_is_judged_by_one_with_four(report: Report) -> None:
    assert answer(Need(faces=3, fps=1), report).reasons[0].startswith("4 faces: ")


def test_without_the_pipeline_suite_faces_are_not_known(report: Report) -> None:
    found = answer(parse(EXAMPLE), without(report, "pipeline"))
    assert found.met is None
    assert "run pipeline" in found.sentence


@pytest.mark.parametrize(
    "wrong",
    ["", "fast", "2 faces at", "-1 fps", "0 faces", "0 fps", "2 fps, 3 fps", "2 horses", "1e9 fps"],
)
def test_a_wrong_need_is_one_sentence(wrong: str) -> None:
    with pytest.raises(UsageError, match="--need"):
        parse(wrong)


@given(st.text(max_size=60))
def test_any_text_is_a_need_or_one_sentence(words: str) -> None:
    with suppress(UsageError):
        assert parse(words).faces >= 1


@pytest.mark.parametrize(("need", "code"), [(EXAMPLE, 0), ("1 MB", 1), ("1 % of a core", 3)])
def test_scripts_read_the_exit_code(
    need: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_app(app, "edge-bench", ["report", *map(str, RESULTS), "--need", need]) == code
    assert capsys.readouterr().out.strip().count("\n") == 0
