"""Networks of others are judged by their files alone: refused with the reason, nothing run."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from convert.conversion.checks import MAX_CONFIG_BYTES, read_structure
from convert.conversion.input_scaling import from_layers, tried
from convert.conversion.wanted import Wanted, checked
from edge.errors import ConversionError, EdgeError, MissingModelError, ModelError
from edge.models.scaling import NAMED, Scaling


def layer(name: str, module: str = "keras.layers", **config: Any) -> dict[str, Any]:
    return {"module": module, "class_name": name, "config": config, "registered_name": None}


def image(*shape: int | None) -> dict[str, Any]:
    return layer("InputLayer", batch_shape=[None, *shape])


def written(path: Path, *layers: dict[str, Any], **config: Any) -> Path:
    """A .keras whose network is these layers."""
    whole = {"class_name": "Functional", "config": {"layers": list(layers), **config}}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(whole))
        archive.writestr("metadata.json", "{}")
    return path


@pytest.mark.parametrize(
    ("layers", "config", "sentence"),
    [
        ([image(48, 48, 1), layer("Lambda")], {}, "Lambda.*is not run"),
        ([image(48, 48, 1), layer("Swish", "mine.layers")], {}, r"custom layer Swish \(mine"),
        ([layer("run", "os", command="x")], {}, "custom layer run"),
        ([layer("get_file", "keras.utils")], {}, "custom layer get_file"),
        ([layer("function", "keras.src.utils.file_utils")], {}, "custom layer function"),
        ([layer("StringLookup", vocabulary="/etc/passwd")], {}, "for text"),
        ([layer("TFSMLayer", filepath="x")], {}, "TFSMLayer"),
        ([image(48, 48, 1)], {"output_layers": [["a", 0, 0], ["b", 0, 0]]}, "2 outputs"),
        ([image(48, 48, 1)], {"input_layers": {"a": ["a", 0, 0], "b": ["b", 0, 0]}}, "2 inputs"),
        ([image(None, None, 3)], {}, "any size.*--size 96x96"),
        ([image(None, 48, 48, 1)], {}, "any number of frames"),
        ([image(3, 96, 96)], {}, "channels first"),
        ([image(128)], {}, "give a network of pictures"),
        ([image(400, 48, 48, 1), layer("GRU", units=8)], {}, "GRU over 400 steps"),
    ],
)
def test_what_cannot_be_converted_is_refused_by_its_file(
    tmp_path: Path, layers: list[dict[str, Any]], config: dict[str, Any], sentence: str
) -> None:
    path = written(tmp_path / "mine.keras", *layers, **config)
    with pytest.raises(ConversionError, match=sentence):
        checked(path, Wanted(("a", "b")))


def test_a_hidden_lambda_is_found_wherever_it_stands(tmp_path: Path) -> None:
    inner = layer("TimeDistributed", layer={"deep": [layer("Lambda")]})
    with pytest.raises(ConversionError, match="Lambda"):
        read_structure(written(tmp_path / "mine.keras", image(4, 48, 48, 1), inner))


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04rest", b"\x89HDF\r\n\x1a\nrest", b"once upon a time", b"\0" * 4096]
)
def test_what_is_no_network_ends_as_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mine.keras"
    path.write_bytes(content)
    with pytest.raises(ModelError):
        read_structure(path)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("mine.onnx", "ONNX network: make a .tflite"),
        ("mine.pt", "PyTorch's: make a .tflite"),
        ("saved_model.pb", "give the SavedModel's folder"),
        ("model.json", "give the .keras"),
    ],
)
def test_what_came_from_elsewhere_is_told_the_way_here(
    tmp_path: Path, name: str, sentence: str
) -> None:
    (tmp_path / name).write_bytes(b"PK\x03\x04 whatever is in it")
    with pytest.raises(ModelError, match=sentence):
        read_structure(tmp_path / name)


def test_an_archive_with_no_network_is_said(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "mine.zip", "w") as archive:
        archive.writestr("mine/saved_model.pb", "")
    with pytest.raises(ModelError, match="unpack it"):
        read_structure(tmp_path / "mine.zip")


def test_absent_files_and_folders_without_a_network(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.keras", tmp_path):
        with pytest.raises(MissingModelError):
            read_structure(path)


def test_a_config_that_unpacks_to_too_much_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * (MAX_CONFIG_BYTES + 1))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(ModelError, match="config of over"):
        read_structure(path)


def test_a_config_nested_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "deep.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", '{"config":' * 100_000 + "1" + "}" * 100_000)
    with pytest.raises(EdgeError):
        read_structure(path)


def test_a_saved_model_that_runs_code_or_loops_is_refused(tmp_path: Path) -> None:
    for name, sentence in (("PyFunc", "runs code"), ("StatelessWhile", "unrolled")):
        node = b"\x12" + bytes([len(name)]) + name.encode()
        (tmp_path / "saved_model.pb").write_bytes(b"\x08\x01" + node)
        with pytest.raises(ConversionError, match=sentence):
            read_structure(tmp_path)


def test_what_a_network_is_made_of_is_read(tmp_path: Path) -> None:
    path = written(
        tmp_path / "mine.keras", image(8, 48, 48, 1), layer("LSTM", units=8), layer("GRU", units=8)
    )
    structure = read_structure(path)
    assert structure.kind == "keras"
    assert structure.recurrent == ("LSTM", "GRU")
    assert structure.input_shape == (8, 48, 48, 1)


@pytest.mark.parametrize(
    ("layers", "normalization", "name"),
    [
        ([("InputLayer", {}), ("Rescaling", {"scale": 1 / 255})], None, "0-255"),
        ([("RandomFlip", {}), ("Rescaling", {"scale": 1 / 127.5, "offset": -1})], None, "0-255"),
        ([("Rescaling", {"scale": 2.0, "offset": -1})], None, "0-1"),
        ([("Normalization", {})], [123.0, 116.0, 103.0], "0-255"),
        ([("Normalization", {})], [0.5], "0-1"),
        ([("Conv2D", {}), ("Rescaling", {"scale": 1 / 255})], None, None),
        ([], None, None),
    ],
)
def test_a_scaling_is_told_by_the_first_layers(
    layers: list[tuple[str, dict[str, Any]]], normalization: list[float] | None, name: str | None
) -> None:
    found = from_layers(tuple(layers), normalization)
    assert (found and str(found.scaling)) == name


def test_a_scaling_is_tried_and_named_only_where_it_is_better() -> None:
    shares = {"0-1": 0.9, "-1-1": 0.4, "0-255": 0.3}

    def hits(scaling: Scaling) -> float:
        return shares[str(scaling)]

    candidates = {name: NAMED[name] for name in shares}
    found, _ = tried(candidates, hits, 200)
    assert found is not None
    assert (str(found.scaling), found.sure) == ("0-1", True)
    shares["-1-1"] = 0.89
    found, _ = tried(candidates, hits, 200)
    assert found is not None
    assert not found.sure
    shares.update({"0-1": 0.34, "-1-1": 0.35})
    assert tried(candidates, hits, 60)[0] is None
    shares.update(dict.fromkeys(shares, 0.99))
    found, _ = tried(candidates, hits, 60)
    assert found is not None
    assert not found.sure


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("--labels", "a,b,c,d", "--scaling", "0-1"),
            "names 3 classes and 4 labels are given: give 3",
        ),
        (("--labels", "a,b,c"), "give pictures to try it on with --data"),
        (("--labels", "a,b,c", "--data", "faces"), "the data has the labels x and the network"),
    ],
)
def test_what_the_file_shows_is_refused_before_tensorflow_starts(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    sentence: str,
) -> None:
    from convert.cli.main import app
    from convert.conversion import importing
    from edge.cli.app import run_app

    monkeypatch.chdir(tmp_path)
    (tmp_path / "faces" / "x").mkdir(parents=True)
    (tmp_path / "faces" / "x" / "1.png").write_bytes(b"")
    monkeypatch.setattr(importing, "run_child", lambda *_: pytest.fail("TensorFlow was started"))
    path = written(
        tmp_path / "mine.keras",
        image(48, 48, 1),
        layer("Conv2D", filters=8),
        layer("Dense", units=3),
    )
    assert run_app(app, "edge-convert", ["import", str(path), *arguments]) != 0
    assert sentence in capsys.readouterr().err
