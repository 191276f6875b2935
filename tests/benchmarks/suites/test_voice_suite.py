"""The voice suite on a tiny network: its parts, its stages, and models of the other sense."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny_model

from benchmarks.measuring.findings import Finding
from benchmarks.measuring.timing import Measurement, Ratio
from benchmarks.plan import Plan
from benchmarks.suites.voice import micro as voice_parts
from benchmarks.suites.voice.suite import measure
from edge.audio.feature_settings import FeatureSettings
from edge.audio.voice_activity import VoiceActivityDetector
from edge.errors import MissingModelError
from edge.models import find
from edge.types import AudioChunk, Prediction


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[Finding]:
    features = FeatureSettings(window_frames=48, n_mels=48, n_mfcc=8)
    folder = tmp_path_factory.mktemp("voice")
    model = tiny_model.write(folder, modality="speech", preprocessing=features)
    return list(measure(Plan(models=(find(str(model.path)),), rounds=2, quick=True)))


def figures(found: list[Finding]) -> dict[str, Measurement]:
    return {each.name: each for each in found if isinstance(each, Measurement)}


def test_each_part_and_each_stage_has_its_row(found: list[Finding]) -> None:
    names = set(figures(found))
    for part in ("features of 1 s", "gate of 1 s", "inference of a window"):
        assert f"tiny int8, {part}" in names
    for stage in ("gate", "features", "windows", "inference", "smoothing"):
        assert f"tiny int8, {stage}/ms per s of sound" in names


def test_the_parts_are_of_several_processes(found: list[Finding]) -> None:
    part = figures(found)["tiny int8, inference of a window"]
    assert len(part.per_process) == 2
    assert sum(part.per_process) == len(part.values)


def test_what_is_new_costs_less_than_the_window_anew(found: list[Finding]) -> None:
    [saved] = [each for each in found if isinstance(each, Ratio)]
    assert saved.numerator.endswith("what is new")
    assert saved.denominator.endswith("the window anew")


def test_silence_is_counted_as_not_classified(found: list[Finding]) -> None:
    rows = figures(found)
    windows = rows["tiny int8, windows"].median
    silent = rows["tiny int8, windows without a voice, not classified"].median
    assert 0 < silent < windows


def test_hearing_costs_memory(found: list[Finding]) -> None:
    rows = figures(found)
    added = rows["edge run, what hearing adds"].median
    assert added == pytest.approx(
        rows["edge run --mic synthetic"].median - rows["edge run --mic none"].median
    )


def test_a_face_network_hears_nothing(tmp_path: Path) -> None:
    face = find(str(tiny_model.write(tmp_path).path))
    with pytest.raises(MissingModelError, match="speech"):
        list(measure(Plan(models=(face,), rounds=1)))


def test_the_saving_is_counted_in_cpu_time_of_one_thread(found: list[Finding]) -> None:
    rows = figures(found)
    kept = rows["tiny int8, CPU of a step's features, what is new"]
    again = rows["tiny int8, CPU of a step's features, the window anew"]
    assert len(kept.values) == len(again.values) == 2
    [saved] = [each for each in found if isinstance(each, Ratio)]
    assert saved.value == pytest.approx(kept.median / again.median)


class Counting:
    def __init__(self) -> None:
        self.calls = 0

    def classify(self, image: np.ndarray) -> Prediction:
        self.calls += 1
        return Prediction(("calm", "angry"), np.array([0.5, 0.5], np.float32))


def test_a_quiet_room_is_classified_only_where_the_gate_is_off(tmp_path: Path) -> None:
    features = FeatureSettings(window_frames=48, n_mels=48, n_mfcc=8)
    written = tiny_model.write(tmp_path, modality="speech", preprocessing=features)
    model, classifier = find(str(written.path)), Counting()
    rooms = voice_parts.quiet_room(Plan(quick=True), model, classifier)  # type: ignore[arg-type]  # a stand-in
    assert [each.name.rsplit(", ")[-1] for each in rooms] == ["gate on", "gate off"]
    with_gate = voice_parts._pipeline(features, Counting(), VoiceActivityDetector)  # type: ignore[arg-type]  # a stand-in
    heard = np.random.default_rng(0).normal(0, 0.001, 6 * 16_000).astype(np.float32)
    assert not any(each.state for each in with_gate.results([AudioChunk(heard, 16_000, 0.0)]))
    assert classifier.calls > 0


def test_the_callback_hands_over_and_does_nothing_else(found: list[Finding]) -> None:
    rows = figures(found)
    assert rows["a block in the microphone's callback"].unit == "ms"
    assert rows["its features, were they made there"].unit == "ms"
