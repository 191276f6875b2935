"""Two trainings of one network, averaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny_network

from edge.errors import MissingModelError, UsageError

keras = pytest.importorskip("keras")
pytestmark = [pytest.mark.keras, pytest.mark.timeout(300)]


def saved(path: Path, value: float) -> Path:
    network = tiny_network.TINY.build()
    network.set_weights([np.full_like(weight, value) for weight in network.get_weights()])
    network.save(path)
    return path


def test_a_blend_is_the_weighted_mean_of_every_weight(tmp_path: Path) -> None:
    from convert.training.blend import blend

    before, after = saved(tmp_path / "a.keras", 1.0), saved(tmp_path / "b.keras", 3.0)
    blend(before, after, 0.25, tmp_path / "out.keras")
    mixed = keras.models.load_model(tmp_path / "out.keras", compile=False)
    for weight in mixed.get_weights():
        np.testing.assert_allclose(weight, 1.5, rtol=1e-6)


def test_what_cannot_be_blended_is_said(tmp_path: Path) -> None:
    from convert.training.blend import blend

    one, other = saved(tmp_path / "a.keras", 1.0), tmp_path / "b.keras"
    with pytest.raises(MissingModelError):
        blend(one, other, 0.5, tmp_path / "out.keras")
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save(other)
    with pytest.raises(UsageError, match="different networks"):
        blend(one, other, 0.5, tmp_path / "out.keras")
