"""A stranger's files stay within their bounds of time and memory, whichever way they come in."""

from __future__ import annotations

import os
from pathlib import Path

import hostile_networks
import pytest
import tiny_model

from convert.cli.main import app as convert_app
from edge.cli.app import run_app
from edge.cli.main import app as edge_app
from edge.errors import ModelError, UsageError
from edge.models import find
from edge.models.card import read_card
from edge.models.description import Description, read_description
from edge.models.own import open_model
from edge.models.probe import probe

THREE = Description(labels=("happy", "neutral", "other"), scaling="0-1")
SENTENCES = {
    "huge_tensor": "no model this engine can run",
    "endless": "operator WHILE takes of time and memory may depend on the picture",
    "sized_by_the_picture": "operator FILL takes a whole number",
    "unknown_operator": "TheirOwn",
}


@pytest.mark.parametrize("name", hostile_networks.FILES)
def test_a_file_that_means_harm_is_refused_before_it_runs_here(name: str) -> None:
    with pytest.raises(ModelError, match=SENTENCES[name]):
        probe(hostile_networks.FILES[name](), "theirs.tflite")


def test_no_command_runs_a_file_that_was_not_tried(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its card is in order, and loading it here would loop without end or end this process."""
    content = hostile_networks.endless()
    path = tmp_path / "theirs.tflite"
    path.write_bytes(content)
    labels = ("happy", "neutral", "other")
    card = tiny_model.card(content, labels=labels, dtype="float32", scale=1.0, zero_point=0)
    path.with_suffix(".json").write_text(card.model_dump_json())
    faces = tmp_path / "faces"
    for command, app in (
        (("run", "--camera", "synthetic", "--model", path, "--log", "none"), edge_app),
        (("models", "verify", path), edge_app),
        (("calibrate", faces, "--model", path), edge_app),
        (("verify", path, "--data", faces), convert_app),
        (("import", path, "--labels", ",".join(labels), "--out", tmp_path / "o"), convert_app),
    ):
        assert run_app(app, "edge", [str(argument) for argument in command]) == 1, command
        assert "WHILE" in capsys.readouterr().err


def test_edge_bench_takes_no_file_that_was_not_tried(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from benchmarks.cli import app

    content = hostile_networks.endless()
    path = tmp_path / "theirs.tflite"
    path.write_bytes(content)
    path.with_suffix(".json").write_text(tiny_model.card(content).model_dump_json())
    assert run_app(app, "edge-bench", ["run", "latency", "--models", str(path)]) == 1
    assert "WHILE" in capsys.readouterr().err


@pytest.mark.parametrize(
    "changes",
    [
        {"size_bytes": 1 << 40},
        {"input_shape": (1 << 14, 1 << 14, 1)},
        {"input_shape": (48, 48, 3), "colour": "rgb"},
        {"labels": tuple(f"label {i}" for i in range(7_000))},
        {"labels": ("a", "b", "c")},
        {"dtype": "float32"},
        {"sha256": "0" * 64},
    ],
)
def test_a_card_that_lies_is_found_out(tmp_path: Path, changes: dict[str, object]) -> None:
    from edge.models.classifier import Classifier

    model = tiny_model.write(tmp_path)
    hostile_networks.card_that_lies(model, **changes)
    with pytest.raises(ModelError):
        Classifier(open_model(str(model.path)))


def test_a_file_of_a_terabyte_is_not_read(tmp_path: Path) -> None:
    """It is sparse, and its card says the same size."""
    model = tiny_model.write(tmp_path)
    os.truncate(model.path, 1 << 40)
    hostile_networks.card_that_lies(model, size_bytes=1 << 40)
    with pytest.raises(ModelError, match="size_bytes"):
        find(str(model.path))
    model.path.with_suffix(".json").unlink()
    with pytest.raises(ModelError, match="more than 256 MB"):
        open_model(str(model.path), THREE)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "theirs.tflite"
    os.mkfifo(path)
    with pytest.raises(ModelError, match="no regular file"):
        open_model(str(path), THREE)
    os.mkfifo(path.with_suffix(".json"))
    with pytest.raises(ModelError, match="no regular file"):
        read_card(path.with_suffix(".json"))


@pytest.mark.parametrize(
    "text",
    ["[" * 500_000, '{"figures":' + '[{"a":' * 100_000, '{"zero_point":' + "9" * 900_000 + "}"],
    ids=["nested", "nested objects", "a long number"],
)
def test_a_card_that_is_a_bomb_is_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "theirs.json"
    path.write_text(text)
    with pytest.raises(ModelError, match="not valid"):
        read_card(path)


@pytest.mark.parametrize(
    "text",
    ["a=" + "[" * 9_000, "labels=" + "9" * 9_000, "a" + ".a" * 3_000 + "=1", "#" * 20_000],
    ids=["nested", "a long number", "a long key", "long"],
)
def test_a_description_that_is_a_bomb_is_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "theirs.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"theirs\.toml"):
        read_description(path)
