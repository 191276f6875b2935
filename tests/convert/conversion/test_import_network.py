"""From a file to an int8 network on the device, by the command alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import own_networks
import pytest
import tiny_model

from convert.cli.main import app
from edge.cli.app import run_app
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
    assert open_model(str(out)).card.dtype == "uint8"


@pytest.mark.parametrize(
    ("built", "labels", "sentence"),
    [
        ({"classes": 4}, LABELS, "names 4 classes and 3 labels are given: give 4"),
        ({"classes": 3, "n_outputs": 2}, LABELS, "2 outputs"),
        ({"classes": 3}, "glad,glad,other", "each label once"),
        ({"classes": 3}, "", "give --labels"),
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
