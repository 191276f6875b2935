"""The accuracy suites on voices: made-up takes by RAVDESS's names, tiny networks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny_model

from benchmarks.measuring.findings import Remark
from benchmarks.measuring.timing import Measurement
from benchmarks.plan import Plan
from benchmarks.report.blocks import Lines
from benchmarks.report.figures import figures
from benchmarks.runner import run_suite
from benchmarks.suites import SUITES
from benchmarks.suites.accuracy import voices
from convert.datasets.ravdess import LABELS
from edge.audio.feature_settings import FeatureSettings
from edge.errors import DataError, MissingDataError
from edge.models import Model, find
from edge.system.registry import resolve

soundfile = pytest.importorskip("soundfile")

RATE_HZ = 16_000
FEATURES = FeatureSettings(window_frames=48, n_mels=48, n_mfcc=8)
HEARD = "RAVDESS speech audio: 8 takes of actors 02, 03"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ravdess: eight emotions by actors 01 and 02; noise: two recordings."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    for actor in (1, 2):
        for number in range(1, 9):
            path = folder / f"ravdess/Actor_{actor:02}/03-01-{number:02}-01-01-01-{actor:02}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            tone = np.sin(np.arange(RATE_HZ) * (0.02 * number + 0.01 * actor))
            soundfile.write(path, 0.3 * tone, RATE_HZ)
    (folder / "noise").mkdir()
    for name in ("hum", "hiss"):
        soundfile.write(folder / "noise" / f"{name}.wav", 0.1 * rng.normal(size=RATE_HZ), RATE_HZ)
    return folder


@pytest.fixture
def voice(tmp_path: Path) -> Model:
    return speech_model(tmp_path, HEARD)


def speech_model(folder: Path, heard: str) -> Model:
    model = tiny_model.write(
        folder,
        classes=len(LABELS),
        labels=LABELS,
        modality="speech",
        preprocessing=FEATURES,
        training_data=heard,
    )
    return find(str(model.path))


def found(suite: str, plan: Plan) -> dict[str, float]:
    return {
        f.name: f.median
        for f in resolve(SUITES, suite, "suite")(plan)
        if isinstance(f, Measurement)
    }


def test_only_actors_that_the_model_has_not_heard_are_judged(data: Path, voice: Model) -> None:
    clips = voices.test_clips(Plan(data=data), voice, quick=100)
    assert {take.actor for take in clips} == {1}
    assert len(clips) == 8
    assert voices.training_actors(voice) == {2, 3}


def test_a_model_that_heard_everybody_is_not_judged(data: Path, tmp_path: Path) -> None:
    model = speech_model(tmp_path, "RAVDESS: 16 takes of actors 01, 02")
    with pytest.raises(DataError, match=r"was trained on every actor.*edge-convert folds"):
        voices.test_clips(Plan(data=data), model, quick=100)


def test_a_class_without_a_take_is_an_error(voice: Model, data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "Actor_01"
    folder.mkdir()
    for path in (data / "ravdess/Actor_01").iterdir():
        if "03-01-04-" not in path.name:
            (folder / path.name).symlink_to(path)
    with pytest.raises(DataError, match="has no sad take"):
        voices.test_clips(Plan(data=tmp_path), voice, quick=100)


def test_a_quick_draw_keeps_every_class(data: Path, tmp_path: Path) -> None:
    nobody = speech_model(tmp_path, "none")
    for seed in range(10):
        clips = voices.test_clips(Plan(data=data, quick=True, seed=seed), nobody, quick=9)
        assert len(clips) == 9
        assert {take.emotion for take in clips} == set(LABELS)


def test_accuracy_gives_classes_and_a_matrix_and_no_papers_split(data: Path, voice: Model) -> None:
    result = run_suite("accuracy", Plan(models=(voice,), data=data))
    names = {m.name for m in result.measurements}
    assert {"tiny int8/accuracy", "tiny int8 calm/recall"} <= names
    assert "tiny int8/simple acc." not in names
    assert sum(map(sum, result.matrices[0].counts)) == 8
    assert "8 takes of actors 01, whom its card does not name" in result.remarks[0].text


def test_noise_has_a_row_a_recording_and_a_column_an_snr(data: Path, voice: Model) -> None:
    plan = Plan(models=(voice,), data=data)
    rows = found("noise", plan)
    columns = ("quiet", "20 dB", "10 dB", "5 dB", "0 dB")
    assert list(rows) == [
        f"tiny int8 UAR, {name}/{column}" for name in ("hiss", "hum") for column in columns
    ]
    assert all(0 <= uar <= 1 for uar in rows.values())
    assert found("noise", plan) == rows
    result = run_suite("noise", plan)
    [drawn] = list(figures(result, ()))
    assert isinstance(drawn, Lines)
    assert drawn.x == (0.0, 5.0, 10.0, 20.0)
    assert [series.name for series in drawn.series] == ["hiss", "hum"]


def test_what_one_sense_lacks_is_a_remark_beside_the_others_figures(
    voice: Model, make_model: Callable[..., Model], patterns_npz: Path, data: Path
) -> None:
    both = Plan(models=(make_model("cnn"), voice), data=patterns_npz)
    faces_alone = list(resolve(SUITES, "accuracy", "suite")(both))
    remarks = [f.text for f in faces_alone if isinstance(f, Remark)]
    assert any(text.startswith("no speech figures: there are no voices in") for text in remarks)
    voices_alone = list(resolve(SUITES, "accuracy", "suite")(replace(both, data=data)))
    remarks = [f.text for f in voices_alone if isinstance(f, Remark)]
    assert any(text.startswith("no face figures: ") for text in remarks)


@pytest.mark.parametrize("suite", ["accuracy", "noise"])
def test_without_any_data_it_says_what_to_give(suite: str, voice: Model) -> None:
    with pytest.raises(MissingDataError, match="give a folder with ravdess in it"):
        found(suite, Plan(models=(voice,)))
