"""What the real suites measure is what the report looks for, name by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path

import cv2
import pytest
from made_report import MACHINE

from benchmarks.plan import Plan
from benchmarks.report import papers
from benchmarks.report import projections as boards
from benchmarks.report.blocks import Bars, Lines, Table
from benchmarks.report.document import build
from benchmarks.report.figures import figures
from benchmarks.results.results import ModelUsed, Report, SuiteResult
from benchmarks.runner import run_suite
from benchmarks.suites.pipeline import suite as pipeline
from edge.models import Model
from edge.settings.sections import Settings
from edge.sources.video.synthetic import SyntheticSource


@pytest.fixture
def plan(make_model: Callable[..., Model], patterns_npz: Path) -> Plan:
    models = (make_model("cnn"), make_model("cnn_lstm"))
    return Plan(models=models, data=patterns_npz, rounds=3, quick=True)


def report(plan: Plan, *suites: SuiteResult) -> Report:
    used = tuple(
        ModelUsed(m.card.name, str(m.path), m.card.sha256, m.card.parameters, m.card.macs)
        for m in plan.models
    )
    return Report("now", "edge-bench run", MACHINE, used, suites)


def test_the_papers_tables_are_filled(plan: Plan) -> None:
    suites = [run_suite(name, plan) for name in ("latency", "accuracy", "noise")]
    tables = papers.compared(report(plan, *suites))
    assert [table.number for table in tables] == [1, 2, 3, 4, 5]
    for table in tables:
        for network in papers.NETWORKS:
            assert None not in table.values[network, "ours"]
    # These networks know every pattern.
    assert tables[0].values["cnn", "ours"] == (1.0, 1.0, 1.0, 1.0)
    parameters = float(plan.models[0].card.parameters)
    assert tables[1].values["cnn", "ours"][1] == parameters


@pytest.mark.parametrize(
    ("suite", "expected"),
    [
        ("latency", ["Milliseconds a face", "Milliseconds an inference by operator, 1 thread"]),
        ("size", ["Size on disk"]),
        ("accuracy", ["F1 by class", "Recall by class"]),
        ("noise", ["Accuracy under Gaussian noise", "F1 under Gaussian noise",
                   "Accuracy under what else befalls a face"]),
        ("preprocessing", ["Accuracy by switch and condition"]),
    ],
)  # fmt: skip
def test_each_suite_has_its_pictures(plan: Plan, suite: str, expected: list[str]) -> None:
    used = report(plan).models
    drawn = list(figures(run_suite(suite, plan), used))
    assert [figure.title.split(":")[0] for figure in drawn] == expected
    for figure in drawn:
        length = len(figure.groups if isinstance(figure, Bars) else figure.x)
        for series in figure.series:
            assert len(series.values) == length
            assert None not in series.values


def test_the_pipelines_pictures(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "_QUICK_FRAMES", 8)
    monkeypatch.setattr(pipeline, "_QUICK_LIVE_S", 0.2)
    stages, widths, faces = figures(run_suite("pipeline", plan), report(plan).models)
    assert isinstance(stages, Bars)
    assert stages.groups == ("cnn int8", "cnn_lstm int8")
    assert "search" in [series.name for series in stages.series]
    assert isinstance(widths, Lines)
    assert isinstance(faces, Lines)
    assert widths.x == (320, 640, 1280)
    assert faces.x == (0, 1, 2, 4)


def test_the_search_gives_a_picture_and_a_projection(plan: Plan, tmp_path: Path) -> None:
    clip = tmp_path / "short.avi"
    settings = Settings().camera.model_copy(update={"width": 320, "height": 240})
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"MJPG"), 30, (320, 240))
    with SyntheticSource("", settings) as source:
        for frame in islice(source, 10):
            writer.write(frame.image)
    writer.release()
    found = run_suite("search", replace(plan, clip=clip))
    [picture] = figures(found, report(plan).models)
    assert [series.name.split(":")[0] for series in picture.series] == ["naive", "ours"]
    section = boards.section(report(plan, found))
    assert section is not None
    search = [block for block in section.blocks if isinstance(block, Table)][-1]
    assert [row[0] for row in search.rows] == ["short.avi"]


def test_a_glance_finds_its_columns(plan: Plan) -> None:
    suites = [run_suite(name, plan) for name in ("latency", "accuracy", "noise", "size")]
    section = next(s for s in build(report(plan, *suites)).sections if s.title == "At a glance")
    [table] = section.blocks
    assert isinstance(table, Table)
    assert table.header == ("model", "ms a face, 1 thread", "MB on disk", "accuracy",
                            "macro F1", "accuracy, noise 0.1")  # fmt: skip
    assert all("–" not in row for row in table.rows)
