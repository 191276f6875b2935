"""A correction of the scores inside a network's last layer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny_network

from convert.datasets.face_set import FaceSet
from edge.errors import MissingModelError, UsageError

keras = pytest.importorskip("keras")
pytestmark = [pytest.mark.keras, pytest.mark.timeout(300)]


def faces(n: int, labels: tuple[str, ...]) -> FaceSet:
    rng = np.random.default_rng(0)
    truth = rng.choice(len(labels), n, p=np.r_[0.7, np.full(len(labels) - 1, 0.3 / 6)])
    images = rng.integers(0, 256, (n, 48, 48), np.uint8)
    return FaceSet(images, truth.astype(np.uint8), np.full(n, "PublicTest"), labels)


def test_the_folded_network_says_a_label_as_often_as_it_is_there(tmp_path: Path) -> None:
    from convert.evaluation.fold import fold

    shown = faces(300, tiny_network.TINY.labels)
    tiny_network.TINY.build().save(tmp_path / "before.keras")
    fold(tmp_path / "before.keras", shown, tmp_path / "after.keras")
    network = keras.models.load_model(tmp_path / "after.keras", compile=False)
    scores = network.predict(shown.images[..., None] / np.float32(255), verbose=0)
    there = np.bincount(shown.labels, minlength=7) / len(shown)
    np.testing.assert_allclose(scores.mean(axis=0), there, atol=0.05)


def test_what_cannot_be_folded_is_said(tmp_path: Path) -> None:
    from convert.evaluation.fold import fold

    with pytest.raises(MissingModelError):
        fold(tmp_path / "none.keras", faces(3, tiny_network.TINY.labels), tmp_path / "out.keras")
    other = tmp_path / "other.keras"
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save(other)
    with pytest.raises(UsageError, match="does not end in scores of 7"):
        fold(other, faces(3, tiny_network.TINY.labels), tmp_path / "out.keras")
