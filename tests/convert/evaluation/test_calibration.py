"""What a network's scores are made to mean, on scores whose truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny_model

from convert.datasets.face_set import FaceSet
from convert.evaluation.calibration import (
    calibrate,
    expected_calibration_error,
)
from convert.evaluation.passport import passport_as_calibrated
from edge.models import Model, find
from edge.models.card import Calibration
from edge.models.classifier import Classifier
from edge.models.recalibration import Adjustment, adjustment, floor_for

RNG = np.random.default_rng(0)
TRUE = RNG.dirichlet(np.full(7, 0.4), 20_000).astype(np.float32)
LABELS = (TRUE.cumsum(axis=1) > RNG.random((len(TRUE), 1))).argmax(axis=1).astype(np.uint8)


@pytest.mark.parametrize("spoilt_by", [0.7, 1.8])
def test_the_temperature_that_spoilt_the_scores_is_found(spoilt_by: float) -> None:
    spoilt = Adjustment(spoilt_by, np.zeros(7, np.float32)).apply(TRUE)
    found = adjustment(spoilt, LABELS)
    assert found.temperature * spoilt_by == pytest.approx(1, rel=0.15)
    before = expected_calibration_error(spoilt, LABELS)
    after = expected_calibration_error(found.apply(spoilt), LABELS)
    assert after < 0.02 < before


def test_offsets_win_back_a_label_that_was_rare_in_training() -> None:
    rare = np.array([0, 0, 0, 0, 0, 0, -2], np.float32)
    spoilt = Adjustment(1.0, rare).apply(TRUE)
    found = adjustment(spoilt, LABELS)
    moved = found.offsets - found.offsets[:6].mean()
    assert moved[6] == pytest.approx(2, abs=0.3)
    assert np.abs(moved[:6]).max() < 0.2
    right = [(scores.argmax(axis=1) == LABELS).mean() for scores in (spoilt, found.apply(spoilt))]
    assert right[1] > right[0] + 0.01


def test_the_truth_is_what_most_voters_saw() -> None:
    votes = np.array([[6, 4], [2, 8], [5, 5], [0, 0]], np.float32)
    faces = FaceSet(
        np.zeros((4, 48, 48), np.uint8),
        np.zeros(4, np.uint8),
        np.full(4, "PublicTest"),
        ("happy", "neutral"),
        votes,
    )
    assert faces.as_voted().labels.tolist() == [0, 1]


def test_above_the_floor_what_is_said_is_right_as_often_as_asked() -> None:
    floor = floor_for(TRUE, LABELS, 0.9)
    said = TRUE.max(axis=1) >= floor
    right = TRUE.argmax(axis=1) == LABELS
    assert right[said].mean() == pytest.approx(0.9, abs=0.003)
    lower = TRUE.max(axis=1) >= floor - 0.05
    assert right[lower].mean() < 0.9


def test_a_network_that_knows_nothing_says_nothing() -> None:
    rng = np.random.default_rng(1)
    scores = rng.dirichlet(np.ones(7), 500).astype(np.float32)
    wrong = ((scores.argmax(axis=1) + 1) % 7).astype(np.uint8)
    assert floor_for(scores, wrong) == 0.99


def test_ece_of_scores_that_are_always_sure_is_their_error() -> None:
    sure = np.eye(7, dtype=np.float32)[np.zeros(100, int)]
    labels = np.repeat([0, 1], [70, 30]).astype(np.uint8)
    assert expected_calibration_error(sure, labels) == pytest.approx(0.3, abs=1e-6)


def test_a_card_s_calibration_is_what_the_device_applies(tmp_path: Path) -> None:
    model = find(str(tiny_model.write(tmp_path).path))
    n = len(model.card.labels)
    rng = np.random.default_rng(2)
    images = rng.integers(0, 256, (60, 48, 48), np.uint8)
    faces = FaceSet(
        images,
        rng.integers(0, n, 60).astype(np.uint8),
        np.full(60, "PublicTest"),
        model.card.labels,
    )
    calibration, figures = calibrate(model, faces, faces, (images[:10], images[10:20]))
    assert set(calibration.coverage) == set(model.card.labels)
    assert {figure.name for figure in figures} >= {
        "int8 ECE",
        "int8 right of what is said",
        "int8 share said of patches without a face",
    }
    card = model.card.model_copy(update={"calibration": calibration})
    with (
        Classifier(model) as plain,
        Classifier(type(model)(model.path, card, model.content)) as device,
    ):
        raw = plain.classify(images[0]).scores
        said = device.classify(images[0]).scores
    offsets = np.array([calibration.offsets[label] for label in card.labels], np.float32)
    expected = Adjustment(calibration.temperature, offsets).apply(raw[None])[0]
    np.testing.assert_allclose(said, expected, rtol=1e-3, atol=1e-4)


def test_changed_faces_are_judged_as_the_device_says_them(tmp_path: Path) -> None:
    plain = find(str(tiny_model.write(tmp_path).path))
    rng = np.random.default_rng(3)
    labels = np.zeros(12, np.uint8)
    faces = FaceSet(
        rng.integers(0, 256, (12, 48, 48), np.uint8),
        labels,
        np.full(12, "PrivateTest"),
        plain.card.labels,
    )
    first = plain.card.labels[0]

    def figures(offset: float, floor: float) -> dict[str, float]:
        calibration = Calibration(
            temperature=1.0,
            offsets={first: offset},
            floor=floor,
            precision=0.8,
            coverage={},
            protocol="p",
        )
        card = plain.card.model_copy(update={"calibration": calibration})
        found = passport_as_calibrated(Model(plain.path, card, plain.content), faces)
        return {figure.name: figure.value for figure in found}

    # Offsets that leave one label: it is right of all, in any condition, and never changes.
    always = figures(10.0, 0.5)
    assert always["int8 accuracy as calibrated, mask"] == 1
    assert always["int8 accuracy as calibrated, noise 0.3"] == 1
    assert always["int8 labels changed as calibrated, box jitter 8%"] == 0
    assert figures(-10.0, 0.5)["int8 accuracy as calibrated, mask"] == 0
    # Above a floor that nothing reaches no label becomes another.
    assert figures(0.0, 0.999)["int8 another label, box jitter 8%"] == 0
