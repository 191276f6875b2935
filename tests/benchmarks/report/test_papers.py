"""The papers' figures are those printed in the paper, and ours stand in the right cells."""

from __future__ import annotations

from dataclasses import replace

import made_report
import pytest

from benchmarks.report import papers
from benchmarks.report.blocks import Bars, Lines, Table
from benchmarks.report.data import published
from benchmarks.results.results import Report
from benchmarks.suites.accuracy.suite import SIMPLE
from convert.augmentation.image import NOISE_LEVELS

PRINTED = {
    (1, "F1"): (0.65, 0.61),
    (1, "recall"): (0.64, 0.59),
    (2, "ms an image"): (32.66, 17.45),
    (2, "parameters"): (4478727, 3121287),
    (3, "8 %"): (0.26, 0.29),
    (3, "30 %"): (0.18, 0.25),
    (4, "8 %"): (0.19, 0.23),
    (4, "20 %"): (0.05, 0.14),
    (5, "simple, F1"): (0.81, 0.80),
    (5, "complex, accuracy"): (0.55, 0.53),
}


@pytest.fixture(scope="module")
def report() -> Report:
    return made_report.made()


@pytest.mark.parametrize(("table", "row"), PRINTED)
def test_the_papers_figures_are_those_printed(table: int, row: str) -> None:
    found = next(t for t in published("papers")["table"] if t["number"] == table)
    place = found["rows"].index(row)
    assert (found["cnn"][place], found["cnn_lstm"][place]) == PRINTED[table, row]


def test_the_data_file_is_whole_and_names_its_source() -> None:
    known = published("papers")
    assert known["paper"]["source"].startswith("Vitkovskyi, Potapova, Martynova")
    assert [t["number"] for t in known["table"]] == [1, 2, 3, 4, 5]
    for table in known["table"]:
        assert len(table["rows"]) == len(table["cnn"]) == len(table["cnn_lstm"])


def test_levels_and_groups_are_those_that_the_suites_measure() -> None:
    known = published("papers")
    levels = tuple(float(row.split()[0]) / 100 for row in known["table"][2]["rows"])
    assert levels == pytest.approx(NOISE_LEVELS)
    assert set(known["paper"]["simple"]) == set(SIMPLE)
    assert set(known["paper"]["simple"] + known["paper"]["complex"]) == set(made_report.LABELS)


def test_ours_stand_beside_the_papers(report: Report) -> None:
    tables = {t.number: t for t in papers.compared(report)}
    assert list(tables) == [1, 2, 3, 4, 5]
    assert tables[1].values["cnn", "ours"] == pytest.approx((0.5, 0.501, 0.502, 0.503))
    assert tables[2].values["cnn_lstm", "ours"] == pytest.approx((4.16, 3121287))
    assert tables[3].values["cnn", "ours"][0] == pytest.approx(0.62)
    assert tables[4].values["cnn_lstm", "ours"][9] == pytest.approx(0.405)
    assert tables[5].values["cnn", "ours"] == pytest.approx((0.504, 0.505, 0.506, 0.507))
    assert tables[5].values["cnn", "paper"] == (0.74, 0.81, 0.55, 0.64)


def test_every_column_says_whose_it_is(report: Report) -> None:
    table = papers.compared(report)[0].table()
    assert table.header == ("", "CNN, paper", "CNN, ours", "CNN-LSTM, paper", "CNN-LSTM, ours")
    assert table.origins == ("", "paper", "ours", "paper", "ours")
    assert table.rows[0] == ("accuracy", "0.65", "0.500", "0.63", "0.510")
    assert table.rows[1] == ("F1", "0.65", "0.501", "0.61", "0.511")


def test_the_seven_figures(report: Report) -> None:
    section = papers.section(report)
    assert section is not None
    drawn = [block for block in section.blocks if isinstance(block, Bars | Lines)]
    assert [figure.title.split(":")[0] for figure in drawn] == [
        "Accuracy, F1, precision and recall",
        "Milliseconds an image (each on its own machine)",
        "Parameters",
        "Accuracy against noise",
        "F1 against noise",
        "Simple emotions",
        "Complex emotions",
    ]
    for figure in drawn:
        assert [series.origin for series in figure.series] == ["paper", "ours"] * 2
    simple = drawn[5]
    assert [s.values for s in simple.series][:2] == [(0.74, 0.81), pytest.approx((0.504, 0.505))]
    assert len([block for block in section.blocks if isinstance(block, Table)]) == 5


def test_a_table_needs_a_figure_of_ours(report: Report) -> None:
    only = replace(report, suites=tuple(s for s in report.suites if s.name == "noise"))
    assert [table.number for table in papers.compared(only)] == [3, 4]
    assert papers.section(replace(report, suites=())) is None


def test_a_network_that_was_not_measured_has_dashes(report: Report) -> None:
    noise = next(s for s in report.suites if s.name == "noise")
    kept = tuple(m for m in noise.measurements if "/cnn int8" in m.name)
    only = replace(report, suites=(replace(noise, measurements=kept),))
    row = papers.compared(only)[0].table().rows[0]
    assert row == ("0.5 %", "0.65", "0.620", "0.63", "–")
