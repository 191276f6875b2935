"""Fine-tuning on a person's own pictures starts from edge_net's weights, with their labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from places import ROOT

from convert.datasets.examples import Example
from edge.errors import DataError, MissingDataError

pytestmark = pytest.mark.keras


def test_all_but_the_last_layer_is_taken_over() -> None:
    import keras

    from convert.training.own import START, transferred

    assert START == ROOT / "models" / "edge_net.keras"
    model, trained = transferred(START, 3), keras.models.load_model(START, compile=False)
    assert model.output_shape == (None, 3)
    for one, other in zip(model.layers[:-1], trained.layers[:-1], strict=True):
        for ours, theirs in zip(one.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_a_label_that_is_missing_on_a_side_is_named(tmp_path: Path) -> None:
    from convert.training.own import fine_tune

    examples = [Example(tmp_path / f"{i}.png", "glad", f"p{i}") for i in range(9)]
    examples.append(Example(tmp_path / "9.png", "glum", "p9"))
    with pytest.raises(DataError, match="no picture of glum"):
        fine_tune(examples, tmp_path / "run")
    with pytest.raises(MissingDataError, match="--start"):
        fine_tune(examples, tmp_path / "run", start=tmp_path / "absent.keras")
