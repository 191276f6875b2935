"""What every inference engine must do, over each one that is installed here."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import tiny_model

from edge.errors import ModelError, UsageError
from edge.models.classifier import ENGINES, Classifier


@pytest.fixture(params=[*ENGINES, "auto"])
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if name in ENGINES:
        package = ENGINES[name][0].split(".")[0]
        if find_spec(package) is None:
            pytest.skip(f"{package} is not installed (it needs Python 3.11 and numpy 1)")
    return name


def pictures(n: int = 8) -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    return list(rng.integers(0, 256, (n, 48, 48), dtype=np.uint8))


@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_scores_are_the_network_s(tmp_path: Path, engine: str, dtype: str) -> None:
    tolerance = 0.03 if dtype == "int8" else 1e-5
    with Classifier(tiny_model.write(tmp_path, dtype), engine=engine) as classifier:
        for picture in pictures():
            prediction = classifier.classify(picture)
            expected = tiny_model.expected_scores(picture)
            np.testing.assert_allclose(prediction.scores, expected, atol=tolerance)
            assert prediction.labels == tiny_model.LABELS


def test_scores_sum_to_one_and_are_float32(tmp_path: Path, engine: str) -> None:
    with Classifier(tiny_model.write(tmp_path), engine=engine) as classifier:
        for picture in pictures():
            scores = classifier.classify(picture).scores
            assert scores.dtype == np.float32
            assert scores.shape == (7,)
            assert scores.sum() == pytest.approx(1, abs=1e-6)


def test_a_prediction_outlives_the_next_one(tmp_path: Path, engine: str) -> None:
    with Classifier(tiny_model.write(tmp_path), engine=engine) as classifier:
        first = classifier.classify(pictures()[0])
        kept = first.scores.copy()
        classifier.classify(pictures()[1])
        np.testing.assert_array_equal(first.scores, kept)


def test_the_picture_is_left_as_it_was_and_may_be_a_view(tmp_path: Path, engine: str) -> None:
    frame = np.random.default_rng(4).integers(0, 256, (96, 96), dtype=np.uint8)
    before = frame.copy()
    view = frame[::2, 10:58]
    with Classifier(tiny_model.write(tmp_path), engine=engine) as classifier:
        of_view = classifier.classify(view).scores
        of_copy = classifier.classify(np.ascontiguousarray(view)).scores
    np.testing.assert_array_equal(of_view, of_copy)
    np.testing.assert_array_equal(frame, before)


def test_threads_do_not_change_the_answer(tmp_path: Path, engine: str) -> None:
    model = tiny_model.write(tmp_path)
    with (
        Classifier(model, engine=engine) as one,
        Classifier(model, threads=2, engine=engine) as two,
    ):
        for picture in pictures():
            np.testing.assert_array_equal(
                one.classify(picture).scores, two.classify(picture).scores
            )


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((47, 48), np.uint8),
        np.zeros((48, 48, 3), np.uint8),
        np.zeros((48, 48), np.float32),
        np.zeros((0, 0), np.uint8),
    ],
    ids=["small", "colour", "float", "empty"],
)
def test_another_picture_is_refused(tmp_path: Path, engine: str, image: np.ndarray) -> None:
    with (
        Classifier(tiny_model.write(tmp_path), engine=engine) as classifier,
        pytest.raises(UsageError, match=r"takes uint8 \(48, 48\)"),
    ):
        classifier.classify(image)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"labels": ("calm", "angry")}, r"output is int8 \(1, 7\) and its card says int8 \(1, 2\)"),
        ({"input_shape": (32, 32, 1)}, r"input is int8 \(1, 48, 48, 1\)"),
        ({"dtype": "float32"}, "its card says float32"),
        ({"scale": 0.5}, "its card says 0.5"),
        ({"zero_point": 0}, "zero point -128"),
    ],
)
def test_a_card_of_another_model_is_refused(
    tmp_path: Path, engine: str, changes: dict[str, object], what: str
) -> None:
    with pytest.raises(ModelError, match=what):
        Classifier(tiny_model.write(tmp_path, **changes), engine=engine)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path, engine: str) -> None:
    content = b"no model at all" * 100
    path = tmp_path / "tiny.tflite"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"tiny\.tflite is no model"):
        Classifier(tiny_model.Model(path, tiny_model.card(content)), engine=engine)
