"""Each suite on real parts: tiny networks in the real interpreter, stand-in `edge` processes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.measuring import sampling
from benchmarks.measuring.disk_usage import closure
from benchmarks.measuring.findings import Finding, Matrix, Remark
from benchmarks.measuring.timing import Measurement, Ratio
from benchmarks.measuring.worker import Draw, Work
from benchmarks.plan import Plan
from benchmarks.suites import SUITES
from benchmarks.suites.accuracy import faces
from edge.errors import DataError, EdgeError, MissingDataError, MissingModelError
from edge.models import Model
from edge.system.registry import resolve

MakeModel = Callable[..., Model]


def findings(suite: str, plan: Plan) -> list[Finding]:
    return list(resolve(SUITES, suite, "suite")(plan))


def figures(suite: str, plan: Plan) -> dict[str, Measurement]:
    found = [f for f in findings(suite, plan) if isinstance(f, Measurement)]
    assert len({m.name for m in found}) == len(found)
    return {m.name: m for m in found}


@pytest.fixture
def plan(make_model: MakeModel) -> Plan:
    return Plan(models=(make_model("cnn"), make_model("cnn_lstm")), rounds=3, quick=True)


NEED_MODELS = ("latency", "memory", "startup", "accuracy", "noise", "preprocessing", "pipeline")
NEED_DATA = ("accuracy", "noise", "preprocessing")


@pytest.mark.parametrize("suite", [s for s in NEED_MODELS if s not in ("memory", "startup")])
def test_no_model_is_one_sentence(suite: str) -> None:
    with pytest.raises(MissingModelError, match="give --models"):
        findings(suite, Plan(rounds=1))


@pytest.mark.parametrize("suite", NEED_DATA)
def test_no_data_says_what_to_give(suite: str, plan: Plan) -> None:
    with pytest.raises(MissingDataError, match="give FER2013 with --data"):
        findings(suite, plan)


def test_latency_measures_every_case_and_compares_with_the_first(plan: Plan) -> None:
    found = findings("latency", replace(plan, threads=2))
    timed = {f.name: f for f in found if isinstance(f, Measurement) and f.per_process}
    assert list(timed) == [
        f"{model} int8, litert, {threads}"
        for threads in ("1 thread", "2 threads")
        for model in ("cnn", "cnn_lstm")
    ]
    # Three rounds, shared alike by two processes; those that were disturbed do not count.
    assert all(1 <= len(m.values) == sum(m.per_process) <= 4 for m in timed.values())
    ratios = [(r.numerator, r.denominator) for r in found if isinstance(r, Ratio)]
    assert ratios == [
        (f"cnn_lstm int8, litert, {t}", f"cnn int8, litert, {t}") for t in ("1 thread", "2 threads")
    ]


def test_latency_gives_rates_that_follow_from_its_times(plan: Plan) -> None:
    found = figures("latency", plan)
    case = "cnn int8, litert, 1 thread"
    median_ms, macs = found[case].median, 7 * 48 * 48
    assert found[f"{case}/faces/s"].median == pytest.approx(1e3 / median_ms)
    rate = found[f"{case}/GMAC/s"].median
    assert rate == pytest.approx(macs / median_ms / 1e6)
    peak = found["matrix product int8, 1 thread/GMAC/s"].median
    assert found[f"{case}/of peak"].median == pytest.approx(rate / peak)


def test_latency_tells_first_calls_apart_and_how_well_they_are_known(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def draw(work: Work) -> Draw:
        # Two networks, the product, the sweep; every second process meets colder caches.
        warm = np.full((4, work.rounds), 2.0)
        return Draw(warm + 1 + work.seed % 2, warm)

    monkeypatch.setattr(sampling, "draw", draw)
    found = figures("latency", plan)
    case = "cnn_lstm int8, litert, 1 thread"
    assert set(found[case].values) == {2.0}
    first = found[f"{case}/first ms"]
    assert (first.unit, first.values) == ("ms", (3.5,))
    # Medians of 3 and 4 ms: their mean has a standard error of 0.5, and two of them are told.
    assert found[f"{case}/first ±"].values == (pytest.approx(1 / 3.5),)


def test_float_stands_beside_int8(make_model: MakeModel) -> None:
    models = (make_model("cnn"), make_model("cnn_float", dtype="float32"))
    found = figures("latency", Plan(models=models, rounds=2))
    assert "cnn int8, litert, 1 thread" in found
    assert "cnn_float float32, litert, 1 thread" in found
    assert "matrix product float32, 1 thread/GMAC/s" in found


def test_progress_reaches_its_end(plan: Plan) -> None:
    told: list[tuple[int, int]] = []
    findings("latency", replace(plan, threads=2, progress=lambda *step: told.append(step)))
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1]


def test_accuracy_of_a_network_that_knows_the_patterns(plan: Plan, patterns_npz: Path) -> None:
    plan = replace(plan, data=patterns_npz)
    found = figures("accuracy", plan)
    for column in ("accuracy", "F1", "precision", "recall", "simple acc.", "complex F1"):
        assert found[f"cnn int8/{column}"].median == 1.0
    assert found["cnn_lstm int8 happy/recall"].median == 1.0
    (first, second) = [f for f in findings("accuracy", plan) if isinstance(f, Matrix)]
    assert first.counts == tuple(tuple(10 * (r == c) for c in range(7)) for r in range(7))
    assert (first.name, second.name) == ("cnn int8", "cnn_lstm int8")


def test_labels_in_another_order_are_matched_by_name(
    make_model: MakeModel, patterns_npz: Path
) -> None:
    turned = ("disgust", "angry", "fear", "happy", "sad", "surprise", "neutral")
    found = figures("accuracy", Plan(models=(make_model("x", labels=turned),), data=patterns_npz))
    assert found["x int8/accuracy"].median == pytest.approx(5 / 7)


def test_labels_of_another_data_set_are_an_error(make_model: MakeModel, patterns_npz: Path) -> None:
    model = make_model("x", labels=tuple("abcdefg"))
    with pytest.raises(DataError, match="give a model of the data set's classes"):
        findings("accuracy", Plan(models=(model,), data=patterns_npz))


def test_a_class_without_a_face_is_an_error(plan: Plan, patterns_npz: Path) -> None:
    with np.load(patterns_npz) as archive:
        kept = {name: archive[name] for name in archive}
    kept["labels"] = np.where(kept["labels"] == 3, 4, kept["labels"]).astype(np.uint8)
    np.savez(patterns_npz, **kept)
    with pytest.raises(DataError, match="no happy face in PrivateTest"):
        findings("accuracy", replace(plan, data=patterns_npz))


@pytest.mark.parametrize("place", ["fer2013.npz", "fer2013/fer2013.npz"])
def test_a_folder_that_holds_the_data_set_will_do(
    plan: Plan, patterns_npz: Path, tmp_path: Path, place: str
) -> None:
    folder = tmp_path / "data"
    (folder / place).parent.mkdir(parents=True)
    patterns_npz.rename(folder / place)
    found = figures("accuracy", replace(plan, data=folder))
    assert found["cnn int8/accuracy"].median == 1.0


def test_a_quick_draw_keeps_every_class(plan: Plan, patterns_npz: Path) -> None:
    for seed in range(20):
        drawn = faces.test_faces(replace(plan, data=patterns_npz, seed=seed), "PublicTest", quick=9)
        assert set(drawn.labels) == set(range(7))
        assert len(drawn) == 9
        assert set(drawn.usage) == {"PublicTest"}


def test_noise_covers_the_papers_levels_and_more(plan: Plan, patterns_npz: Path) -> None:
    found = figures("noise", replace(plan, data=patterns_npz))
    rows = {name.split("/")[0] for name in found}
    assert {"clean", "noise 0.005", "noise 0.3", "blur 1 px", "JPEG quality 10"} <= rows
    assert len(rows) == 1 + 10 + 26
    assert found["clean/cnn int8 accuracy"].median == 1.0
    # One network under two names must see the very same pictures.
    for row in rows:
        for metric in ("accuracy", "F1"):
            values = [found[f"{row}/{m} int8 {metric}"].median for m in ("cnn", "cnn_lstm")]
            assert values[0] == values[1]


def test_preprocessing_compares_every_switch(plan: Plan, patterns_npz: Path) -> None:
    found = figures("preprocessing", replace(plan, data=patterns_npz))
    rows = {name.split("/")[0] for name in found}
    assert {"cnn int8, none", "cnn int8, gamma 0.7", "cnn_lstm int8, equalise"} <= rows
    columns = {name.split("/")[1] for name in found}
    assert columns == {"clean", "low light 0.3", "noise 0.1"}
    assert found["cnn int8, none/clean"].median == 1.0


STAND_IN = """
import sys, time
arguments = sys.argv[1:]
assert arguments[0] == "run" and "jsonl" in arguments, arguments
frames = int(arguments[arguments.index("--frames") + 1])
print('{"label": "happy"}', flush=True)
ballast = b"x" * 300_000_000
time.sleep(0.05)
"""


@pytest.fixture
def stand_in(tmp_path: Path) -> tuple[str, ...]:
    """A command with `edge run`'s form: one event, 300 MB."""
    path = tmp_path / "stand_in.py"
    path.write_text(STAND_IN)
    return (sys.executable, str(path))


def test_memory_reads_the_peak_of_the_whole_process(plan: Plan, stand_in: tuple[str, ...]) -> None:
    found = figures("memory", replace(plan, edge=stand_in, rounds=1))
    assert 300 < found["edge run, cnn"].median < 400
    assert 3 < found["python alone"].median <= found["import edge"].median + 2
    assert "of it the classifier, cnn_lstm" in found
    added = [found[name].median for name in found if name.startswith("part: ")]
    assert len(added) > 8
    assert 40 < sum(added) < 300


def test_startup_reads_the_first_event_and_the_imports(
    plan: Plan, stand_in: tuple[str, ...]
) -> None:
    found = figures("startup", replace(plan, edge=stand_in, rounds=2))
    first = found["first event, cnn"]
    assert (first.unit, len(first.values), first.warmups) == ("s", 2, 1)
    assert found["import standard library"].median <= found["all imports"].median
    assert found["part: OpenCV"].unit == "ms"


def test_hundreds_of_rounds_are_not_hundreds_of_processes() -> None:
    plan = Plan(rounds=500)
    assert (plan.times(300, 40), plan.starts(7, 3)) == (500, 30)
    assert (Plan().starts(7, 3), Plan(quick=True).starts(7, 3)) == (7, 3)


def test_a_run_without_an_event_is_an_error(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "mute.py").write_text("pass")
    mute = (sys.executable, str(tmp_path / "mute.py"))
    with pytest.raises(EdgeError, match="printed no event: give --clip"):
        findings("startup", replace(plan, edge=mute))


def test_size_counts_the_model_file_and_the_base_install(plan: Plan) -> None:
    found = figures("size", plan)
    size = plan.models[0].path.stat().st_size
    assert found["model cnn.tflite"].median == pytest.approx(size / 1e6)
    assert found["base install"].median > found["of it numpy"].median > 10
    assert not any("tensorflow" in name for name in found)


def test_a_closure_holds_each_distribution_once_and_no_extras() -> None:
    found = closure(["pydantic", "typer", "PyDantic", "no-such-distribution"])
    assert len(set(found)) == len(found)
    assert {"pydantic", "pydantic-core", "typer", "rich"} <= set(found)
    assert "email-validator" not in found
    assert "no-such-distribution" not in found


def test_every_suite_says_its_protocol(plan: Plan, patterns_npz: Path) -> None:
    for suite in ("latency", "size", "accuracy", "noise", "preprocessing"):
        found = findings(suite, replace(plan, data=patterns_npz))
        assert any(isinstance(f, Remark) for f in found), suite
