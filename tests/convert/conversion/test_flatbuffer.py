"""The .tflite as a file: metadata inside it, float islands folded away, damage said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny_model
from ai_edge_litert import schema_py_generated as schema

from convert.conversion import flatbuffer as tflite_file
from convert.conversion.card import card_of
from convert.conversion.inspect import inspect
from edge.errors import MissingModelError, ModelError
from edge.models import Model
from edge.models.classifier import Classifier


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def scores(path: Path, image: np.ndarray) -> np.ndarray:
    with Classifier(Model(path, tiny_model.card(path.read_bytes()))) as classifier:
        return classifier.classify(image).scores


def test_metadata_is_in_the_file_and_changes_no_answer(tmp_path: Path) -> None:
    plain = write(tmp_path / "plain.tflite", tiny_model.build())
    model = tflite_file.parse(plain.read_bytes())
    tflite_file.embed_metadata(model, {"name": "first"})
    tflite_file.embed_metadata(model, {"name": "tiny", "labels": ["é", "b"]})
    told = write(tmp_path / "told.tflite", tflite_file.serialize(model))
    assert inspect(told).metadata == {"name": "tiny", "labels": ["é", "b"]}
    assert inspect(plain).metadata is None
    image = np.random.default_rng(1).integers(0, 256, (48, 48), dtype=np.uint8)
    np.testing.assert_array_equal(scores(told, image), scores(plain, image))


def with_island(scale_after: float = tiny_model.INPUT_SCALE) -> bytes:
    """The tiny model, its picture taken through float: DEQUANTIZE → RESHAPE → QUANTIZE."""
    model = tflite_file.parse(tiny_model.build())
    graph = model.subgraphs[0]
    picture = graph.inputs[0]

    def tensor(name: str, shape: list[int], kind: int, scale: float | None) -> int:
        made = schema.TensorT()
        made.name, made.shape, made.type, made.buffer = name.encode(), shape, kind, 0
        if scale is not None:
            made.quantization = schema.QuantizationParametersT()
            made.quantization.scale, made.quantization.zeroPoint = [scale], [-128]
        graph.tensors.append(made)
        return len(graph.tensors) - 1

    def operator(code: int, inputs: list[int], output: int) -> schema.OperatorT:
        kind = schema.OperatorCodeT()
        kind.builtinCode = kind.deprecatedBuiltinCode = code
        kind.version = 2 if code == schema.BuiltinOperator.DEQUANTIZE else 1
        model.operatorCodes.append(kind)
        made = schema.OperatorT()
        made.opcodeIndex = len(model.operatorCodes) - 1
        made.inputs, made.outputs = inputs, [output]
        return made

    float32, int8 = schema.TensorType.FLOAT32, schema.TensorType.INT8
    real = tensor("real", [1, 48, 48, 1], float32, None)
    flat = tensor("flat", [1, 2304], float32, None)
    back = tensor("back", [1, 2304], int8, scale_after)
    reshape = operator(schema.BuiltinOperator.RESHAPE, [real], flat)
    reshape.builtinOptionsType = schema.BuiltinOptions.ReshapeOptions
    reshape.builtinOptions = schema.ReshapeOptionsT()
    reshape.builtinOptions.newShape = [1, 2304]
    dense = graph.operators[0]
    dense.inputs = [back, *dense.inputs[1:]]
    graph.operators = [
        operator(schema.BuiltinOperator.DEQUANTIZE, [picture], real),
        reshape,
        operator(schema.BuiltinOperator.QUANTIZE, [flat], back),
        *graph.operators,
    ]
    return tflite_file.serialize(model)


def test_a_float_island_is_folded_and_the_answers_stay(tmp_path: Path) -> None:
    before = write(tmp_path / "before.tflite", with_island())
    assert inspect(before).float_tensors == 2
    model = tflite_file.parse(before.read_bytes())
    assert tflite_file.fold_float_islands(model) == 1
    after = write(tmp_path / "after.tflite", tflite_file.serialize(model))
    found = inspect(after)
    assert found.float_tensors == 0
    assert found.operators == {"RESHAPE": 1, "FULLY_CONNECTED": 1, "SOFTMAX": 1}
    for seed in range(5):
        image = np.random.default_rng(seed).integers(0, 256, (48, 48), dtype=np.uint8)
        np.testing.assert_array_equal(scores(after, image), scores(before, image))


def test_an_island_that_changes_the_scale_is_left(tmp_path: Path) -> None:
    model = tflite_file.parse(with_island(scale_after=0.01))
    assert tflite_file.fold_float_islands(model) == 0
    left = write(tmp_path / "left.tflite", tflite_file.serialize(model))
    assert inspect(left).operators["DEQUANTIZE"] == 1


def test_a_file_without_islands_is_left(tmp_path: Path) -> None:
    model = tflite_file.parse(tiny_model.build())
    assert tflite_file.fold_float_islands(model) == 0


def test_an_inspection_tells_all(tmp_path: Path) -> None:
    found = inspect(write(tmp_path / "tiny.tflite", tiny_model.build()))
    assert found.operators == {"FULLY_CONNECTED": 1, "SOFTMAX": 1}
    assert found.tensors == {"int8": 4, "int32": 1}
    assert found.macs == 7 * 48 * 48
    assert found.weight_bytes == 7 * 48 * 48 + 7 * 4
    assert (found.inputs[0].dtype, found.inputs[0].shape) == ("int8", (1, 48, 48, 1))
    assert found.inputs[0].scale == pytest.approx(1 / 255)
    assert found.inputs[0].zero_point == -128
    assert inspect(write(tmp_path / "f.tflite", tiny_model.build("float32"))).float_tensors == 5


@pytest.mark.parametrize("cut", [8, 100, 5000])
def test_a_truncated_file_is_said_to_be(tmp_path: Path, cut: int) -> None:
    path = write(tmp_path / "tiny.tflite", tiny_model.build()[:cut])
    with pytest.raises(ModelError, match=r"tiny\.tflite is truncated or damaged"):
        inspect(path)


def test_what_is_no_tflite_and_what_is_not_there(tmp_path: Path) -> None:
    for content in (b"", b"PK\x03\x04zip file"):
        with pytest.raises(ModelError, match=r"is no \.tflite file"):
            inspect(write(tmp_path / "a.tflite", content))
    with pytest.raises(MissingModelError):
        inspect(tmp_path / "nothing.tflite")


def test_a_file_without_metadata_gets_no_card(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="carries no metadata"):
        card_of(write(tmp_path / "a.tflite", tiny_model.build()))
    model = tflite_file.parse(tiny_model.build())
    tflite_file.embed_metadata(model, {"name": "x"})
    with pytest.raises(ModelError, match=r"metadata in .* is not valid"):
        card_of(write(tmp_path / "b.tflite", tflite_file.serialize(model)))
