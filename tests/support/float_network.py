"""A network of two layers that tells seven made-up patterns apart, as a .tflite with its card."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from edge.models import Model, ModelCard, find, write_card
from edge.settings.sections import PreprocessSettings

LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
PATTERNS = np.random.default_rng(42).choice([-1, 1], (7, 48, 48))


def make(folder: Path, name: str, dtype: str = "int8", labels: tuple[str, ...] = LABELS) -> Model:
    path = folder / f"{name}.tflite"
    content = _network(dtype)
    path.write_bytes(content)
    card = ModelCard(
        name=name,
        modality="face",
        labels=labels,
        input_shape=(48, 48, 1),
        dtype=dtype,
        scale=1 / 255 if dtype == "int8" else 1,
        zero_point=-128 if dtype == "int8" else 0,
        preprocessing=PreprocessSettings(),
        parameters=7 * 48 * 48,
        macs=7 * 48 * 48,
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        source="made for a test",
        training_data="none",
        licence="none",
        terms="none",
    )
    write_card(card, path.with_suffix(".json"))
    return find(str(path))


def _network(dtype: str) -> bytes:
    """Input · patterns → softmax, in int8 or float32."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    weights = PATTERNS.reshape(7, -1).astype(dtype)
    graph = schema.SubGraphT()
    buffers = [schema.BufferT(), schema.BufferT()]
    buffers[1].data = weights.view(np.uint8).ravel()
    graph.tensors = [
        _tensor(schema, "input", (1, 48, 48, 1), dtype, 1 / 255, -128, 0),
        _tensor(schema, "weights", weights.shape, dtype, 0.01, 0, 1),
        _tensor(schema, "logits", (1, 7), dtype, 0.1, 0, 0),
        _tensor(schema, "output", (1, 7), dtype, 1 / 256, -128, 0),
    ]
    graph.inputs, graph.outputs = [0], [3]
    codes = []
    for builtin, version in (
        (schema.BuiltinOperator.FULLY_CONNECTED, 4 if dtype == "int8" else 1),
        (schema.BuiltinOperator.SOFTMAX, 2 if dtype == "int8" else 1),
    ):
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = builtin
        code.version = version
        codes.append(code)
    softmax = schema.SoftmaxOptionsT()
    softmax.beta = 1.0
    options = schema.BuiltinOptions
    graph.operators = [
        _operator(schema, 0, [0, 1, -1], 2, options.FullyConnectedOptions,
                  schema.FullyConnectedOptionsT()),
        _operator(schema, 1, [2], 3, options.SoftmaxOptions, softmax),
    ]  # fmt: skip
    whole = schema.ModelT()
    whole.version, whole.buffers, whole.operatorCodes, whole.subgraphs = 3, buffers, codes, [graph]
    builder = flatbuffers.Builder(1024)
    builder.Finish(whole.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _tensor(
    schema: Any,
    name: str,
    shape: tuple[int, ...],
    dtype: str,
    scale: float,
    zero_point: int,
    buffer: int,
) -> Any:
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.buffer = name.encode(), list(shape), buffer
    tensor.type = schema.TensorType.INT8 if dtype == "int8" else schema.TensorType.FLOAT32
    if dtype == "int8":
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale = np.array([scale], np.float32)
        tensor.quantization.zeroPoint = np.array([zero_point], np.int64)
    return tensor


def _operator(
    schema: Any, code: int, inputs: list[int], output: int, kind: int, options: Any
) -> Any:
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = code, inputs, [output]
    operator.builtinOptionsType, operator.builtinOptions = kind, options
    return operator
