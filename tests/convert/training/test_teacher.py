"""What a teacher says is recorded once, and read back for the very same faces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny_model

from convert.datasets.face_set import FaceSet
from convert.predict import predict
from convert.training.teacher import load, record
from edge.errors import DataError, MissingDataError
from edge.models import find


def test_recorded_scores_are_the_network_s_of_each_face_and_its_mirror_image(
    tmp_path: Path,
) -> None:
    model = find(str(tiny_model.write(tmp_path).path))
    rng = np.random.default_rng(0)
    labels = rng.integers(0, len(model.card.labels), 8).astype(np.uint8)
    images = rng.integers(0, 256, (8, 48, 48), np.uint8)
    faces = FaceSet(images, labels, np.full(8, "Training"), model.card.labels)
    record([model], faces, tmp_path / "scores.npz")
    views = load(tmp_path / "scores.npz", faces)
    np.testing.assert_allclose(views[0], predict(model, images), atol=1e-3)
    np.testing.assert_allclose(views[1], predict(model, images[:, :, ::-1]), atol=1e-3)
    with pytest.raises(DataError, match="other faces"):
        load(tmp_path / "scores.npz", faces.take(np.arange(7)))
    with pytest.raises(MissingDataError):
        load(tmp_path / "none.npz", faces)
