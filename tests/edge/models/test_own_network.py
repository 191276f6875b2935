"""A person's own network on the device: any size, colours, kinds of numbers, and labels."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import hostile_networks
import numpy as np
import pytest
import tiny_model

from edge.errors import MissingModelError, ModelError, UsageError
from edge.models import probe as probing
from edge.models.card import ModelCard
from edge.models.classifier import Classifier
from edge.models.description import Description
from edge.models.own import open_model
from edge.models.scaling import Scaling, parse_scaling
from edge.pipeline.face import preprocessing_of
from edge.settings.sections import PreprocessSettings
from edge.types import Face
from edge.vision.picture_format import PictureFormat
from edge.vision.preprocess import Preprocessor

THREE = Description(labels=("happy", "neutral", "other"), scaling="0-1")


def written(folder: Path, **built: Any) -> Path:
    path = folder / "mine.tflite"
    path.write_bytes(tiny_model.build(**{"classes": 3, **built}))
    return path


@pytest.mark.parametrize(
    ("dtype", "shape"),
    [
        ("float32", (64, 64, 1)),
        ("int8", (32, 40, 1)),
        ("uint8", (48, 48, 3)),
        ("float32", (96, 96, 3)),
    ],
)
def test_every_size_colour_and_kind_of_numbers(
    tmp_path: Path, dtype: str, shape: tuple[int, int, int]
) -> None:
    path = written(tmp_path, dtype=dtype, picture_shape=shape)
    model = open_model(str(path), THREE)
    assert model.card.picture_format == PictureFormat(*shape, "gray" if shape[-1] == 1 else "rgb")
    assert model.card.output == "probabilities"
    picture = np.random.default_rng(5).integers(
        0, 256, model.card.picture_format.shape, dtype=np.uint8
    )
    with Classifier(model) as classifier:
        prediction = classifier.classify(picture)
    kernel = np.random.default_rng(0).integers(-127, 128, (3, picture.size), dtype=np.int8)
    logits = kernel * tiny_model.WEIGHT_SCALE @ (picture.reshape(-1) / 255)
    powers = np.exp(logits - logits.max())
    np.testing.assert_allclose(prediction.scores, powers / powers.sum(), atol=0.04)
    assert prediction.labels == THREE.labels


@pytest.mark.parametrize("n", [2, 4, 8, 50])
def test_two_to_fifty_labels(tmp_path: Path, n: int) -> None:
    labels = tuple(f"state {i}" for i in range(n))
    path = written(tmp_path, classes=n)
    with Classifier(open_model(str(path), Description(labels=labels))) as classifier:
        scores = classifier.classify(np.zeros((48, 48), np.uint8)).scores
    assert scores.sum() == pytest.approx(1)
    assert len(scores) == n


def test_logits_are_noticed_and_become_probabilities(tmp_path: Path) -> None:
    path = written(tmp_path, dtype="float32", softmax=False)
    model = open_model(str(path), THREE)
    assert model.card.output == "logits"
    picture = np.full((48, 48), 200, np.uint8)
    with Classifier(model) as classifier:
        raw, scores = classifier.raw(picture), classifier.classify(picture).scores
    np.testing.assert_allclose(scores, np.exp(raw) / np.exp(raw).sum(), rtol=1e-5)


def test_logits_that_a_card_calls_probabilities_are_refused_not_scaled(tmp_path: Path) -> None:
    path = written(tmp_path, dtype="float32", softmax=False)
    said = THREE.model_copy(update={"output": "probabilities"})
    with Classifier(open_model(str(path), said)) as classifier:
        raw = classifier.raw(np.full((48, 48), 255, np.uint8))
        assert raw.min() < 0
        with pytest.raises(ModelError, match="logits"):
            classifier.classify(np.full((48, 48), 255, np.uint8))


def test_a_toml_beside_the_file_says_what_it_is(tmp_path: Path) -> None:
    path = written(tmp_path, dtype="float32", picture_shape=(48, 48, 3))
    path.with_suffix(".toml").write_text(
        'labels = ["yes", "no", "so-so"]\nscaling = "imagenet"\ncolour = "bgr"\nmargin = 0.1\n'
    )
    card = open_model(str(path)).card
    assert card.labels == ("yes", "no", "so-so")
    assert (card.colour, str(card.scaling)) == ("bgr", "imagenet")
    assert card.preprocessing == PreprocessSettings(margin=0.1, stretch=False)
    path.with_suffix(".toml").write_text('labels = ["yes"]\n')
    with pytest.raises(UsageError, match="labels"):
        open_model(str(path))


def test_channels_with_a_scaling_each(tmp_path: Path) -> None:
    path = written(tmp_path, dtype="float32", picture_shape=(8, 8, 3), softmax=False)
    said = Description(labels=THREE.labels, scaling="10,20,30/2,4,8")
    picture = np.random.default_rng(5).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    with Classifier(open_model(str(path), said)) as classifier:
        raw = classifier.raw(picture)
    kernel = np.random.default_rng(0).integers(-127, 128, (3, picture.size), dtype=np.int8)
    values = (picture - np.array([10, 20, 30])) / np.array([2, 4, 8])
    expected = kernel * tiny_model.WEIGHT_SCALE @ values.reshape(-1)
    np.testing.assert_allclose(raw, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("built", "said", "sentence"),
    [
        ({"classes": 4}, THREE, "names 4 classes and 3 labels are given: give 4"),
        ({"n_outputs": 2}, THREE, "2 outputs"),
        ({"picture_shape": (3, 48, 48)}, THREE, "channels first"),
        ({"picture_shape": (48, 48, 2)}, THREE, "neither 1 nor 3"),
        ({"dtype": "float32"}, Description(labels=THREE.labels), "--scaling"),
        ({}, THREE.model_copy(update={"colour": "rgb"}), "one channel"),
    ],
)
def test_what_does_not_go_together_is_said(
    tmp_path: Path, built: dict[str, Any], said: Description, sentence: str
) -> None:
    with pytest.raises(ModelError, match=sentence):
        open_model(str(written(tmp_path, **built)), said)


def test_labels_for_a_model_that_has_its_own_are_refused(tmp_path: Path) -> None:
    path = tiny_model.write(tmp_path).path
    with pytest.raises(UsageError, match="leave --labels out"):
        open_model(str(path), THREE)
    with pytest.raises(UsageError, match="its own labels"):
        open_model("edge_net", THREE)
    with pytest.raises(MissingModelError):
        open_model(str(tmp_path / "absent.tflite"), THREE)


def test_without_card_and_labels_the_error_names_both_ways(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"--labels.*edge-convert import"):
        open_model(str(written(tmp_path)))


def test_a_file_that_would_take_the_memory_ends_alone(tmp_path: Path) -> None:
    """Its tensors are of 4 GB, in a file of some kilobytes, and its card is in order."""
    content = hostile_networks.huge_tensor()
    path = tmp_path / "tiny.tflite"
    path.write_bytes(content)
    card = tiny_model.card(content, dtype="float32", scale=1.0, zero_point=0)
    path.with_suffix(".json").write_text(card.model_dump_json())
    with pytest.raises(ModelError, match="no model this engine can run"):
        open_model(str(path))


def test_a_file_that_never_answers_ends_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "SECONDS", 0.01)
    with pytest.raises(ModelError, match="did not answer"):
        open_model(str(written(tmp_path)), THREE)


def test_damage_anywhere_in_the_file_ends_as_a_sentence(tmp_path: Path) -> None:
    whole = tiny_model.build(dtype="float32", picture_shape=(8, 8, 1))
    rng = np.random.default_rng(0)
    for _ in range(4):
        damaged = bytearray(whole)
        for place in rng.integers(8, len(whole), 24):
            damaged[place] = rng.integers(0, 256)
        path = tmp_path / "mine.tflite"
        path.write_bytes(damaged)
        with suppress(ModelError):  # one kind of error, whatever the file does to its child
            open_model(str(path), Description(labels=tuple("abcdefg"), scaling="0-1"))


def test_colours_reach_the_network_in_its_order() -> None:
    frame = np.zeros((60, 80, 3), np.uint8)
    frame[..., 0], frame[..., 1], frame[..., 2] = 10, 20, 30  # B, G, R
    for colour, first in (("rgb", 30), ("bgr", 10)):
        taken = Preprocessor(PreprocessSettings(), PictureFormat(16, 16, 3, colour))  # type: ignore[arg-type]
        assert taken.in_colour
        patch = taken.normalise(taken.crop(frame, Face(10, 10, 40, 40)))
        assert patch.shape == (16, 16, 3)
        assert patch[0, 0, 0] == first
    gray = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
    taken = Preprocessor(PreprocessSettings(), PictureFormat(16, 16, 3, "gray"))
    patch = taken.normalise(taken.crop(gray, Face(10, 10, 40, 40)))
    assert (patch == gray[0, 0]).all()
    assert patch.shape == (16, 16, 3)


def test_a_picture_that_is_no_square_keeps_its_proportions() -> None:
    gray = np.zeros((200, 200), np.uint8)
    cv2.circle(gray, (100, 100), 30, 255, -1)
    taken = Preprocessor(PreprocessSettings(), PictureFormat(64, 32))
    patch = taken.crop(gray, Face(60, 60, 80, 80))
    assert patch.shape == (64, 32)
    down, across = (patch[:, 16] > 127).sum(), (patch[32] > 127).sum()
    # 60 px of 80 down, and as many, cut at 40 px, across.
    assert (down, across) == (pytest.approx(48, abs=2), 32)


@pytest.mark.parametrize("text", ["0-1", "-1-1", "0-255", "imagenet", "1,2,3/4,5,6", "129.5/64"])
def test_a_scaling_is_read_as_it_is_written(text: str) -> None:
    assert str(parse_scaling(text)) == text


@pytest.mark.parametrize("text", ["", "0..1", "1/0", "1,2/3", "nan/1", "1/inf", "1/2,3,4,5"])
def test_a_scaling_that_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="scaling"):
        parse_scaling(text)


def test_the_card_says_how_a_face_is_prepared_and_settings_change_what_they_name(
    tmp_path: Path,
) -> None:
    card = open_model(str(written(tmp_path)), THREE.model_copy(update={"margin": 0.1})).card
    assert not preprocessing_of(card, PreprocessSettings()).stretch
    changed = preprocessing_of(card, PreprocessSettings(equalise=True))
    assert (changed.equalise, changed.margin, changed.stretch) == (True, 0.1, False)


def test_a_card_of_ours_is_unchanged_by_the_new_fields() -> None:
    card = open_model("edge_net").card
    assert (card.scaling, card.colour, card.output) == (Scaling(), "gray", "probabilities")
    assert isinstance(card, ModelCard)


def test_a_run_with_a_file_and_labels_alone_logs_them(tmp_path: Path) -> None:
    path = written(tmp_path, dtype="uint8", picture_shape=(40, 40, 3))
    command = [
        sys.executable, "-m", "edge", "run", "--camera", "synthetic", "--model", str(path),
        "--labels", "glad,glum,Zürich", "--scaling", "0-1", "--output", "jsonl", "--log",
        str(tmp_path / "log.sqlite"), "--frames", "30", "--annotate", str(tmp_path / "seen/"),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert '"glad"' in done.stdout
    assert list((tmp_path / "seen").iterdir())
    stats = subprocess.run(
        [sys.executable, "-m", "edge", "log", "stats", "--log", str(tmp_path / "log.sqlite")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert stats.returncode == 0, stats.stderr
