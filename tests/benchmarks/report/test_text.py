"""Tables for a terminal: aligned, complete, doubts last."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.measuring.environment import Condition, Machine
from benchmarks.measuring.findings import Matrix, Remark
from benchmarks.measuring.timing import Measurement, Ratio
from benchmarks.report import text as render
from benchmarks.report.tables import number
from benchmarks.results.results import ModelUsed, Report, SuiteResult

CONDITION = Condition("performance", 1e9, 1e9, 51.5, 0, 0.5, None, 1.0, 2.0, 0.0, 0.5)
RESULT = SuiteResult(
    "latency",
    "done",
    CONDITION,
    CONDITION,
    (
        Measurement("cnn, 1 thread", "ms", (1.0, 2.0, 3.0)),
        Measurement("size", "MB", (4.5678,)),
        Measurement("noise 0.1/cnn", "share", (0.61,)),
        Measurement("noise 0.1/cnn_lstm", "share", (0.62,)),
        Measurement("noise 0.3/cnn_lstm", "share", (0.42,)),
    ),
    (Ratio("cnn_lstm", "cnn", 0.53, 0.52, 0.54),),
    (Matrix("cnn", ("happy", "sad"), ((10, 2), (3, 40))),),
    (Remark("a protocol"),),
    ("the board was at 85 °C: cool it",),
)


def test_every_finding_is_in_the_text() -> None:
    text = render.suite(RESULT)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert lines[0] == "== latency"
    assert "cnn, 1 thread ms 2 2.900 2.980 1 2 1 3" in lines
    assert "size 4.568 MB" in lines
    assert lines[lines.index("cnn cnn_lstm") + 1] == "noise 0.1 0.610 0.620"
    assert lines[lines.index("cnn_lstm") + 1] == "noise 0.3 0.420"
    assert "happy 10 2" in lines
    assert "cnn_lstm takes 0.530 of cnn (95% interval 0.520 to 0.540)" in lines
    assert lines[-1] == "DOUBT: the board was at 85 °C: cool it"
    assert "note: a protocol" in lines


def test_an_unfinished_suite_says_why() -> None:
    title = render.suite(replace(RESULT, status="skipped", reason="no data set")).splitlines()[0]
    assert title == "== latency (skipped: no data set)"


def test_columns_are_aligned() -> None:
    lines = render.table(("", "a"), [("long name", "1"), ("x", "1000")]).splitlines()
    assert lines == ["              a", "long name     1", "x          1000"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.61234, "0.612"), (3.14159, "3.142"), (31.4159, "31.42"), (314.159, "314.2"),
     (31415.9, "31416"), (-2.5, "-2.500")],
)  # fmt: skip
def test_numbers_keep_what_matters(value: float, text: str) -> None:
    assert number(value) == text


def test_the_head_names_machine_and_models() -> None:
    machine = Machine("Pi 4", "Cortex-A72", "aarch64", 4, 2**30, "6.6", "3.11", {"numpy": "2"})
    model = ModelUsed("cnn", "cnn.tflite", "ab" * 32, 4478727, 290_000_000)
    text = render.head(Report("now", "edge-bench run", machine, (model,), (RESULT,)))
    assert "Pi 4: Cortex-A72, 4 cores, 1024 MB" in text
    assert "governor performance, 1.00 GHz, 52 °C, load 0.50, throttled 0x0" in text
    assert "cnn: 4,478,727 parameters, 290 MMAC, sha256 abababababab…" in text
