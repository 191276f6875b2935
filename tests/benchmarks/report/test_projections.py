"""Projections follow from published figures by one rule, and never pass for measurements."""

from __future__ import annotations

from dataclasses import replace

import made_report
import pytest

from benchmarks import cli
from benchmarks.report import projections as boards
from benchmarks.report.blocks import Note, Section, Table
from benchmarks.report.document import build
from benchmarks.results.results import Report
from edge.cli.app import run_app


@pytest.fixture(scope="module")
def report() -> Report:
    return made_report.made()


def section(report: Report) -> Section:
    found = boards.section(report)
    assert found is not None
    return found


def test_ms_follow_the_multiply_accumulates() -> None:
    assert boards.projected_ms(569_000_000, (24.0, 34.0), 569_000_000) == (24.0, 34.0)
    assert boards.projected_ms(284_500_000, (24.0, 34.0), 569_000_000) == (12.0, 17.0)


def test_a_network_that_was_counted_is_forecast_on_four_boards(report: Report) -> None:
    table = next(b for b in section(report).blocks if isinstance(b, Table))
    names = ("Zero 2 W", "Pi 3B+", "Pi 4", "Pi 5")
    assert all(cell.startswith(name) for cell, name in zip(table.header[1:], names, strict=True))
    rows = [row[0] for row in table.rows]
    assert rows[:2] == ["cnn, 1 thread", "cnn, 4 threads"]
    assert "a frame with cnn, 1 thread" in rows
    assert all(" – " in cell for row in table.rows for cell in row[1:])


def test_another_network_of_the_name_goes_by_its_size(report: Report) -> None:
    models = tuple(replace(model, parameters=1) for model in report.models)
    found = section(replace(report, models=models))
    table = next(b for b in found.blocks if isinstance(b, Table))
    assert table.header[2:] == ("Zero 2 W", "Pi 3B+", "Pi 4", "Pi 5")
    assert table.rows[0] == ("cnn, 4 threads", "290", "≈ 46", "23 – 34", "12 – 17", "≈ 4.4")
    assert table.rows[1][0] == "cnn, 1 thread, up to"
    assert table.rows[1][4] == "≤ 69"


@pytest.mark.parametrize("parameters", [1, 4_478_727])
def test_no_forecast_without_its_error(report: Report, parameters: int) -> None:
    models = tuple(replace(model, parameters=parameters) for model in report.models)
    notes = [b.text for b in section(replace(report, models=models)).blocks if isinstance(b, Note)]
    errors = [text for text in notes if text.startswith("error: ")]
    assert errors
    assert all("median" in error and "worst" in error for error in errors)


def test_the_forecast_command_shows_every_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_app(cli.app, "edge-bench", ["forecast"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("\nPi 5, ncnn/") >= 4
    assert "median error" in printed
    assert "a window of sound with audio_crnn, 1 thread" in printed


def test_the_search_is_scaled_by_the_share_that_was_measured(report: Report) -> None:
    table = [b for b in section(report).blocks if isinstance(b, Table)][-1]
    assert table.rows == (("street", "0.100", "91 – 159", "26 – 44"),)
    without = replace(report, suites=tuple(s for s in report.suites if s.name != "search"))
    assert "Face search" not in [b.title for b in section(without).blocks if isinstance(b, Table)]


def test_all_of_it_is_marked_and_names_method_and_source(report: Report) -> None:
    found = section(report)
    assert found.kind == "projection"
    tables = [b for b in found.blocks if isinstance(b, Table)]
    assert {table.kind for table in tables} == {"projection"}
    notes = [b.text for b in found.blocks if isinstance(b, Note)]
    assert sum(text.startswith("method: ") for text in notes) == len(tables)
    assert sum(text.startswith(("source: ", "error: ")) for text in notes) >= len(tables)


def test_projections_stay_out_of_measured_sections(report: Report) -> None:
    for found in build(report).sections:
        kinds = {block.kind for block in found.blocks if isinstance(block, Table)}
        assert kinds <= {found.kind}


def test_no_model_no_projection(report: Report) -> None:
    assert boards.section(replace(report, models=(), suites=())) is None
