"""Projections follow from published figures by one rule, and never pass for measurements."""

from __future__ import annotations

from dataclasses import replace

import made_report
import pytest

from benchmarks.report import projections as boards
from benchmarks.report.blocks import Note, Section, Table
from benchmarks.report.document import build
from benchmarks.results.results import Report


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


def test_a_table_of_four_boards(report: Report) -> None:
    table = next(b for b in section(report).blocks if isinstance(b, Table))
    assert table.header[2:] == ("Zero 2 W", "Pi 3B+", "Pi 4", "Pi 5")
    assert table.rows[0] == ("cnn, 4 threads", "290", "≈ 46", "23 – 34", "12 – 17", "≈ 4.4")
    assert table.rows[1][0] == "cnn, 1 thread, up to"
    assert table.rows[1][4] == "≤ 69"


def test_the_search_is_scaled_by_the_share_that_was_measured(report: Report) -> None:
    table = [b for b in section(report).blocks if isinstance(b, Table)][1]
    assert table.rows == (("street", "0.100", "91 – 159", "26 – 44"),)
    without = replace(report, suites=tuple(s for s in report.suites if s.name != "search"))
    assert len([b for b in section(without).blocks if isinstance(b, Table)]) == 1


def test_all_of_it_is_marked_and_names_method_and_source(report: Report) -> None:
    found = section(report)
    assert found.kind == "projection"
    tables = [b for b in found.blocks if isinstance(b, Table)]
    assert {table.kind for table in tables} == {"projection"}
    notes = [b.text for b in found.blocks if isinstance(b, Note)]
    assert sum(text.startswith("method: ") for text in notes) == len(tables)
    assert sum(text.startswith("source: ") for text in notes) == len(tables)


def test_projections_stay_out_of_measured_sections(report: Report) -> None:
    for found in build(report).sections:
        kinds = {block.kind for block in found.blocks if isinstance(block, Table)}
        assert kinds <= {found.kind}


def test_no_model_no_projection(report: Report) -> None:
    assert boards.section(replace(report, models=(), suites=())) is None
