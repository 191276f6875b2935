"""Accuracy, recall and F1 against scikit-learn's; what a comparison says of itself."""

from __future__ import annotations

import numpy as np
import pytest

from convert.augmentation.image import noisy
from convert.evaluation.compare import Comparison, Limits, compare
from convert.metrics import class_scores
from convert.predict import predict

LABELS = ("angry", "happy", "sad")


def test_scores_are_scikit_learn_s() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 5, 300).astype(np.uint8)
    predicted = np.where(rng.random(300) < 0.6, labels, rng.integers(0, 5, 300))
    found = class_scores(labels, predicted, 5)
    assert found.accuracy == pytest.approx(metrics.accuracy_score(labels, predicted))
    assert found.macro_f1 == pytest.approx(metrics.f1_score(labels, predicted, average="macro"))
    np.testing.assert_allclose(found.recalls, metrics.recall_score(labels, predicted, average=None))
    np.testing.assert_array_equal(found.confusion, metrics.confusion_matrix(labels, predicted))


def comparison(by_float: list[int], by_int8: list[int], labels: list[int]) -> Comparison:
    truth = np.array(labels, np.uint8)
    return Comparison(
        noise=0.0,
        labels=LABELS,
        float32=class_scores(truth, np.array(by_float), 3),
        int8=class_scores(truth, np.array(by_int8), 3),
        agreement=float(np.mean(np.array(by_float) == np.array(by_int8))),
    )


def test_the_worst_class_is_the_one_that_int8_hurts_most() -> None:
    found = comparison([0, 0, 1, 1], [0, 0, 1, 0], [0, 0, 1, 1])
    assert found.worst_class == ("happy", 0.5)
    assert found.accuracy_lost == pytest.approx(0.25)


def test_limits_are_inclusive_and_each_has_its_sentence() -> None:
    found = comparison([0, 0, 1, 1], [0, 0, 1, 0], [0, 0, 1, 1])
    assert found.broken(Limits(0.25, 0.75)) == []
    assert len(found.broken(Limits(0.24, 0.75))) == 1
    assert len(found.broken(Limits(0.24, 0.76))) == 2
    assert "agree on 75.00%" in found.broken(Limits(1, 0.97))[0]


def test_noise_is_the_same_each_time_and_clean_is_untouched() -> None:
    images = np.full((20, 48, 48), 128, np.uint8)
    assert noisy(images, 0.0) is images
    np.testing.assert_array_equal(noisy(images, 0.1), noisy(images, 0.1))
    assert noisy(images, 0.1).std() == pytest.approx(25.5, rel=0.05)
    assert not np.array_equal(noisy(images, 0.1), noisy(images, 0.15))


def test_predictions_keep_the_faces_order(tmp_path) -> None:  # type: ignore[no-untyped-def]  # pytest's
    import tiny_model

    from convert.datasets.face_set import FaceSet

    model = tiny_model.write(tmp_path)
    images = np.random.default_rng(2).integers(0, 256, (37, 48, 48), dtype=np.uint8)
    done: list[int] = []
    scores = predict(model, images, done.append)
    expected = np.stack([tiny_model.expected_scores(image) for image in images])
    np.testing.assert_allclose(scores, expected, atol=0.03)
    assert sum(done) == 37
    faces = FaceSet(
        images,
        scores.argmax(axis=1).astype(np.uint8),
        np.array(["PrivateTest"] * 37),
        tiny_model.LABELS,
    )
    clean, noised = compare(model, model, faces, (0.0, 0.3))
    assert (clean.int8.accuracy, clean.agreement, clean.accuracy_lost) == (1, 1, 0)
    assert noised.agreement == 1
    assert noised.int8.accuracy < 1
