"""The classifier's own part: what it reads, when it reads it, and what it needs."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny_model

from edge.errors import MissingPackageError, ModelError, UsageError
from edge.models import Model, find
from edge.models.card import Calibration
from edge.models.classifier import Classifier


class Spy:
    """Stands where the interpreter would be imported from; counts who comes near it."""

    made = 0

    def __init__(self, **_: object) -> None:
        Spy.made += 1
        raise AssertionError("the interpreter was given a file that cannot be trusted")


def test_a_damaged_file_never_reaches_the_interpreter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny_model.write(tmp_path)
    whole = model.path.read_bytes()
    monkeypatch.setattr("ai_edge_litert.interpreter.Interpreter", Spy)
    for damaged in (whole[:-1], whole[:100], b"", bytes([whole[0] ^ 1]) + whole[1:]):
        model.path.write_bytes(damaged)
        with pytest.raises(ModelError):
            Classifier(Model(model.path, model.card), engine="litert")
    assert Spy.made == 0


def test_what_was_verified_is_what_runs(tmp_path: Path) -> None:
    model = find(str(tiny_model.write(tmp_path).path))
    model.path.write_bytes(b"changed meanwhile")
    picture = np.full((48, 48), 90, np.uint8)
    with Classifier(model) as classifier:
        scores = classifier.classify(picture).scores
    np.testing.assert_allclose(scores, tiny_model.expected_scores(picture), atol=0.03)


@pytest.mark.parametrize(
    ("engine", "command"),
    [
        ("auto", "pip install 'ai-edge-litert'"),
        ("litert", "pip install 'ai-edge-litert'"),
        ("tflite-runtime", r"pip install 'emotion-edge\[tflite\]'"),
    ],
)
def test_without_an_engine_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str, command: str
) -> None:
    for package in ("ai_edge_litert", "tflite_runtime"):
        monkeypatch.setitem(sys.modules, package, None)
        monkeypatch.delitem(sys.modules, f"{package}.interpreter", raising=False)
    with pytest.raises(MissingPackageError, match=command):
        Classifier(tiny_model.write(tmp_path), engine=engine)


def test_an_unknown_engine_names_the_choices(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="litert"):
        Classifier(tiny_model.write(tmp_path), engine="onnx")


def test_an_input_scale_of_the_model_s_own_is_kept(tmp_path: Path) -> None:
    """A byte b means b / 255 whatever scale the model's input has."""
    content = tiny_model.build(input_scale=1 / 127)
    path = tmp_path / "tiny.tflite"
    path.write_bytes(content)
    model = Model(path, tiny_model.card(content, scale=1 / 127))
    picture = np.random.default_rng(1).integers(0, 256, (48, 48), dtype=np.uint8)
    with Classifier(model) as classifier:
        scores = classifier.classify(picture).scores
    np.testing.assert_allclose(scores, tiny_model.expected_scores(picture), atol=0.05)


def test_offsets_of_a_card_favour_a_label(tmp_path: Path) -> None:
    model = find(str(tiny_model.write(tmp_path).path))
    first, *others = model.card.labels
    calibration = Calibration(
        temperature=2, offsets={first: 3.0}, floor=0.6, precision=0.8, coverage={}, protocol="made"
    )
    moved = replace(model, card=model.card.model_copy(update={"calibration": calibration}))
    picture = np.full((48, 48), 90, np.uint8)
    with Classifier(moved.uncalibrated()) as plain, Classifier(moved) as calibrated:
        scores, confidences = plain.classify(picture).scores, calibrated.classify(picture).scores
    expected = np.sqrt(scores * np.exp([3.0] + [0.0] * len(others)))
    np.testing.assert_allclose(confidences, expected / expected.sum(), rtol=1e-3, atol=1e-5)


def test_calibration_sharpens_the_scores_and_keeps_their_order(tmp_path: Path) -> None:
    model = find(str(tiny_model.write(tmp_path).path))
    calibration = Calibration(
        temperature=0.5, floor=0.6, precision=0.8, coverage={}, protocol="made up"
    )
    sharp = replace(model, card=model.card.model_copy(update={"calibration": calibration}))
    picture = np.full((48, 48), 90, np.uint8)
    with Classifier(model) as plain, Classifier(sharp) as calibrated:
        scores, confidences = plain.classify(picture).scores, calibrated.classify(picture).scores
    np.testing.assert_allclose(confidences, scores**2 / (scores**2).sum(), rtol=1e-3, atol=1e-5)
    assert confidences.max() > scores.max()
    assert (model.card.floor, sharp.card.floor) == (0.35, 0.6)
