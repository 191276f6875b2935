"""A results file comes back as it went, and a strange one is one sentence."""

from __future__ import annotations

import errno
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.measuring.environment import Condition, Machine
from benchmarks.measuring.findings import Matrix, Remark
from benchmarks.measuring.timing import Measurement, Ratio
from benchmarks.results import results
from benchmarks.results.results import VERSION, ModelUsed, Report, SuiteResult, load, merged, save
from edge.errors import DataError, EdgeError, MissingDataError, UsageError

CONDITION = Condition(None, None, None, 51.5, 0x50000, 0.5, None, 1.0, 2.0, 0.0, 0.5)
MACHINE = Machine("Board", "CPU", "aarch64", 4, 2**29, "6.6", "3.11", {"numpy": "2"})
REPORT = Report(
    "2025-01-01T00:00:00+00:00",
    "edge-bench run",
    MACHINE,
    (ModelUsed("cnn", "cnn.tflite", "ab" * 32, 4478727, 290),),
    (
        SuiteResult(
            "latency",
            "done",
            CONDITION,
            CONDITION,
            (Measurement("case", "ms", (1.0, 2.0, 6.0), 3, CONDITION),),
            (Ratio("b", "a", 0.5, 0.4, 0.6),),
            (Matrix("cnn", ("x", "y"), ((1, 2), (3, 4))),),
            (Remark("a note"),),
            ("hot: cool it",),
        ),
        SuiteResult("noise", "skipped", CONDITION, CONDITION, reason="no data", exit_code=3),
    ),
)


def test_a_report_comes_back_as_it_went(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    save(REPORT, path)
    assert load(path) == REPORT
    assert [p.name for p in tmp_path.iterdir()] == ["r.json"]


def test_the_first_version_is_read_in_the_present_one_s_terms(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    save(REPORT, path)
    document = json.loads(path.read_text())
    measurement = document["suites"][0]["measurements"][0]
    del measurement["per_process"]
    measurement["shares"] = [2, 1]
    path.write_text(json.dumps({**document, "version": 1}))
    (taken,) = load(path).suites[0].measurements
    assert taken.per_process == (2, 1)
    assert load(path).version == VERSION


def test_derived_figures_are_in_the_file_for_other_readers(tmp_path: Path) -> None:
    save(REPORT, tmp_path / "r.json")
    document = json.loads((tmp_path / "r.json").read_text())
    record = document["suites"][0]["measurements"][0]
    assert (record["median"], record["minimum"], record["unstable"]) == (2.0, 1.0, True)
    assert (document["schema"], document["version"]) == ("emotion-edge/benchmark", VERSION)


def test_the_file_fits_its_published_schema(tmp_path: Path) -> None:
    schema = results.json_schema()
    save(REPORT, tmp_path / "r.json")
    document = json.loads((tmp_path / "r.json").read_text())
    assert set(document) == set(schema["properties"])
    record = document["suites"][0]["measurements"][0]
    assert set(record) == set(schema["$defs"]["Measurement"]["properties"])
    published = Path(results.__file__).with_name("results.schema.json")
    assert json.loads(published.read_text()) == schema, "edge-bench schema > results.schema.json"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cannot read"),
        ("{", "cannot read"),
        ("[]", "holds no edge-bench results"),
        ('{"schema": "other"}', "holds no edge-bench results"),
        ('{"schema": "emotion-edge/benchmark", "version": 99}', "schema version 99"),
        ('{"schema": "emotion-edge/benchmark", "version": 1}', "no whole results file"),
    ],
)
def test_a_strange_file_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "r.json"
    path.write_text(text)
    with pytest.raises(DataError, match=said) as caught:
        load(path)
    assert "\n" not in str(caught.value)


def test_a_measurement_without_values_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    save(REPORT, path)
    document = json.loads(path.read_text())
    document["suites"][0]["measurements"][0]["values"] = []
    path.write_text(json.dumps(document))
    with pytest.raises(DataError, match="no whole results file"):
        load(path)


def test_an_absent_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="edge-bench run --json"):
        load(tmp_path / "none.json")


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(EdgeError, match="cannot write the results"):
        save(REPORT, tmp_path / "none" / "r.json")


def test_an_older_file_stays_whole_until_the_new_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "r.json"
    save(REPORT, path)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(EdgeError, match="cannot write"):
        save(replace(REPORT, command="other"), path)
    assert load(path) == REPORT
    assert list(tmp_path.iterdir()) == [path]


def test_runs_of_one_machine_merge_and_the_later_suite_counts() -> None:
    latency = replace(REPORT.suites[0], doubts=())
    size = SuiteResult("size", "done", CONDITION, CONDITION)
    other = replace(REPORT.models[0], name="cnn_lstm")
    later = replace(REPORT, command="again", models=(other,), suites=(size, latency))
    both = merged([REPORT, later])
    assert [s.name for s in both.suites] == ["latency", "noise", "size"]
    assert both.suites[0].doubts == ()
    assert both.command == "edge-bench run; again"
    assert [m.name for m in both.models] == ["cnn", "cnn_lstm"]
    assert merged([REPORT]) == REPORT


def test_a_skipped_suite_takes_no_ones_place() -> None:
    skipped = SuiteResult("latency", "skipped", CONDITION, CONDITION, reason="why", exit_code=3)
    assert merged([REPORT, replace(REPORT, suites=(skipped,))]).suites == REPORT.suites


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"machine": replace(MACHINE, board="Other")}, "of two machines"),
        ({"models": (replace(REPORT.models[0], sha256="cd" * 32),)}, "two models cnn"),
    ],
)
def test_runs_that_do_not_belong_together_are_not_merged(
    changed: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        merged([REPORT, replace(REPORT, **changed)])
