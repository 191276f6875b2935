"""From a file to an int8 network on the device, by the command alone."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np
import own_networks
import pytest
import tiny_model

from convert.cli.main import app
from convert.conversion import importing
from edge.cli.app import run_app
from edge.errors import ConversionError
from edge.models.classifier import Classifier
from edge.models.own import open_model

LABELS = ",".join(own_networks.LABELS)


def run(*arguments: object) -> int:
    return run_app(app, "edge-convert", [str(argument) for argument in arguments])


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    return own_networks.write_pictures(tmp_path / "faces")


@pytest.mark.keras
@pytest.mark.timeout(600)
def test_logits_recurrence_and_an_unnamed_scaling(
    tmp_path: Path, faces: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A GRU over frames without its softmax, trained on -1 to 1: one file has it all."""
    network = own_networks.fitted(
        own_networks.over_frames("GRU"),
        *own_networks.given((32, 32), 1, own_networks.signed, 4),
        softmax=False,
    )
    network.save(tmp_path / "mine.keras")
    out = tmp_path / "device.tflite"
    code = run(
        "import", tmp_path / "mine.keras", "--labels", LABELS, "--data", faces,
        "--faces", "whole", "--out", out, "--json",
    )  # fmt: skip
    said = capsys.readouterr()
    assert code == 0, said.err
    found = json.loads(said.out)
    assert "softmax was appended" in said.err
    assert "unrolled" in said.err
    assert "tried on 72 pictures" in said.err
    assert found["verdict"]["accuracy"] > 0.9
    assert found["verdict"]["agreement"] > 0.9
    model = open_model(str(out))
    card = model.card
    assert (card.dtype, card.modality, card.output) == ("int8", "video", "probabilities")
    assert str(card.scaling) in ("-1-1", "0-255")
    assert card.labels == own_networks.LABELS
    # Nothing of our networks is on it.
    assert "FER" not in card.model_dump_json()
    assert card.licence == "not stated"
    with Classifier(model) as classifier:
        assert classifier.classify(np.zeros((4, 32, 32), np.uint8)).scores.sum() == pytest.approx(1)


@pytest.mark.keras
@pytest.mark.timeout(900)
def test_what_is_refused_of_a_network_before_it_is_converted(
    tmp_path: Path, faces: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A scaling that another beats, of a network saved for eight pictures at once; signatures of
    which none is the one to take."""
    import keras
    import tensorflow as tf

    network = own_networks.fitted(
        own_networks.plain_cnn(), *own_networks.given((48, 48), 1, own_networks.signed)
    )
    eight = keras.Input(batch_shape=(8, 48, 48, 1))
    keras.Model(eight, network(eight)).save(tmp_path / "mine.keras")
    module = tf.Module()
    module.network = network
    signature = tf.function(
        lambda image: {"scores": network(image)},
        input_signature=[tf.TensorSpec((None, 48, 48, 1), tf.float32, "image")],
    ).get_concrete_function()
    tf.saved_model.save(module, str(tmp_path / "two"), {"one": signature, "other": signature})
    out = tmp_path / "device.tflite"
    for given, options, sentence in (
        ("mine.keras", ("--scaling", "0-255"), r"names 33.3% of 72 .* and with -1-1 100.0%: give"),
        ("two", (), "signatures one, other and none of them is serving_default"),
    ):
        code = run(
            "import", tmp_path / given, "--labels", LABELS, "--data", faces, "--faces", "whole",
            "--out", out, *options,
        )  # fmt: skip
        said = capsys.readouterr().err
        assert code == 1, said
        assert re.search(sentence, said), said
        assert not out.exists()


def test_a_tflite_made_elsewhere_stays_as_it_is(
    tmp_path: Path, faces: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its weights are random: that it is at chance, or read in another order, is said."""
    given = tmp_path / "theirs.tflite"
    given.write_bytes(tiny_model.build("uint8", classes=3))
    out = tmp_path / "mine.tflite"
    code = run("import", given, "--labels", LABELS, "--data", faces, "--out", out)
    said = capsys.readouterr()
    assert code == 1
    assert "chance level" in said.err or "another order" in said.err
    assert out.read_bytes() == given.read_bytes()
    card = open_model(str(out)).card
    assert card.dtype == "uint8"
    # It is one file: there is no float32 one that it could agree with.
    assert "float32" not in said.out
    assert {figure.name for figure in card.figures} == {"uint8 accuracy", "uint8 UAR"}


def test_a_network_for_colours_that_is_given_gray_is_told_and_its_robustness_is_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gray = own_networks.write_pictures(tmp_path / "gray", persons=2, each=2, gray=True)
    given, out = tmp_path / "theirs.tflite", tmp_path / "mine.tflite"
    given.write_bytes(tiny_model.build("uint8", classes=3, picture_shape=(40, 32, 3)))
    bring = ("import", given, "--labels", LABELS, "--data", gray, "--faces", "whole")
    run(*bring, "--out", out)
    assert "all pictures are gray" in capsys.readouterr().err
    assert open_model(str(out)).card.colour == "gray"
    # Where a camera's colours are asked for all the same, verify says what that means.
    run(*bring, "--out", out, "--colour", "rgb")
    assert open_model(str(out)).card.colour == "rgb"
    capsys.readouterr()
    run("verify", out, "--data", gray, "--faces", "whole", "--passport", "--json")
    said = capsys.readouterr()
    assert "all pictures are gray and it takes rgb" in said.err
    robustness = json.loads(said.out)["robustness"]
    assert {"clean", "noise 0.3", "JPEG quality 20", "mask", "turned 15°"} <= {
        one["condition"] for one in robustness
    }
    for one in robustness:
        low, high = one["interval"]
        assert low <= one["accuracy"] <= high
        assert set(one["recalls"]) == set(own_networks.LABELS)
    clean, noisy = robustness[:2]
    assert clean["changed"] == 0
    assert noisy["deviation"] is not None


def test_the_reason_is_not_what_tensorflow_says_of_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its greeting names custom operations, and so would every refusal."""
    greeting = "I0000 00:00:1 1 port.cc:153] oneDNN custom operations are on. custom op: none"
    script = f"print({greeting!r}); raise AttributeError('no such part')"
    monkeypatch.setattr(importing, "CHILD", (sys.executable, "-c", script))
    with pytest.raises(ConversionError, match="cannot be converted: AttributeError: no such part"):
        importing.run_child("export", {}, tmp_path, tmp_path / "mine.keras")


@pytest.mark.parametrize(
    ("built", "labels", "sentence"),
    [
        ({"classes": 4}, LABELS, "names 4 classes and 3 labels are given: give 4"),
        ({"classes": 8}, LABELS, "names 8 classes and 3 labels are given: give 8"),
        ({"classes": 50}, LABELS, "names 50 classes and 3 labels are given: give 50"),
        ({"classes": 3, "n_outputs": 2}, LABELS, "2 outputs"),
        ({"classes": 3}, "glad,glad,other", "each label once"),
        ({"classes": 3}, "", "give --labels"),
        ({"classes": 3}, "glad", "one label, glad: give two or more"),
        ({"classes": 3}, ",".join(map(str, range(300))), "300 labels: give up to 100"),
        ({"classes": 3}, f"glad,glum,{'o' * 65}", "is no label: give 1 to 64 characters"),
        ({"classes": 3}, "glad,glum,", "is no label"),
    ],
)
def test_what_does_not_go_together_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
    built: dict[str, int], labels: str, sentence: str,
) -> None:  # fmt: skip
    given = tmp_path / "theirs.tflite"
    given.write_bytes(tiny_model.build("int8", **built))  # type: ignore[arg-type]
    assert run("import", given, "--labels", labels, "--out", tmp_path / "out.tflite") in (1, 2)
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "out.tflite").exists()
