"""The .tflite format itself (a flatbuffer): metadata, and what the converter leaves undone."""

from __future__ import annotations

import json
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

METADATA_NAME = "emotion_edge"
_IDENTIFIER = b"TFL3"
# Operators that move values and leave them as they are.
_MOVING = {schema.BuiltinOperator.SPLIT, schema.BuiltinOperator.RESHAPE}


def parse(content: bytes) -> Any:
    """The file as the schema's ModelT. The caller has made sure that it is a whole .tflite."""
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))


def serialize(model: Any) -> bytes:
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), _IDENTIFIER)
    return bytes(builder.Output())


def is_tflite(content: bytes) -> bool:
    return content[4:8] == _IDENTIFIER


def code_of(model: Any, operator: Any) -> int:
    """The operator's `BuiltinOperator`; old files keep it in the deprecated field."""
    kind = model.operatorCodes[operator.opcodeIndex]
    return max(int(kind.builtinCode), int(kind.deprecatedBuiltinCode))


def embed_metadata(model: Any, metadata: dict[str, Any]) -> None:
    """Put `metadata` into the file as JSON, under METADATA_NAME; an earlier one is replaced."""
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(json.dumps(metadata).encode(), np.uint8)
    model.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name, entry.buffer = METADATA_NAME, len(model.buffers) - 1
    kept = [old for old in model.metadata or [] if _name(old) != METADATA_NAME]
    model.metadata = [*kept, entry]


def metadata_of(model: Any) -> dict[str, Any] | None:
    """What `embed_metadata` put there, or None."""
    for entry in model.metadata or []:
        if _name(entry) == METADATA_NAME:
            content: dict[str, Any] = json.loads(bytes(model.buffers[entry.buffer].data))
            return content
    return None


def _name(entry: Any) -> str:
    return entry.name.decode() if isinstance(entry.name, bytes) else str(entry.name)


def fold_float_islands(model: Any) -> int:
    """Run DEQUANTIZE → (split, reshape) → QUANTIZE in int8 instead; returns how many there were.

    The converter leaves such islands where an LSTM's first step does not use its forget gate:
    the unused part of the split was never calibrated. The values only move, so nothing is
    lost by moving them as int8.
    """
    graph = model.subgraphs[0]
    made_by = {index: op for op in graph.operators for index in op.outputs}
    used_by: dict[int, list[Any]] = {}
    for operator in graph.operators:
        for index in operator.inputs:
            used_by.setdefault(index, []).append(operator)
    folded = 0
    for operator in list(graph.operators):
        if code_of(model, operator) in _MOVING and _fold(model, operator, made_by, used_by):
            folded += 1
    _drop_unused(model)
    return folded


def _fold(
    model: Any, operator: Any, made_by: dict[int, Any], used_by: dict[int, list[Any]]
) -> bool:
    tensors = model.subgraphs[0].tensors
    values = [i for i in operator.inputs if tensors[i].type == schema.TensorType.FLOAT32]
    if len(values) != 1 or values[0] not in made_by:
        return False
    before = made_by[values[0]]
    after = [user for index in operator.outputs for user in used_by.get(index, [])]
    if code_of(model, before) != schema.BuiltinOperator.DEQUANTIZE or not after:
        return False
    source = before.inputs[0]
    if any(
        code_of(model, user) != schema.BuiltinOperator.QUANTIZE
        or not _same_quantization(tensors[user.outputs[0]], tensors[source])
        for user in after
    ):
        return False
    operator.inputs = [source if index == values[0] else index for index in operator.inputs]
    for index in operator.outputs:
        tensors[index].type = tensors[source].type
        tensors[index].quantization = tensors[source].quantization
        for user in used_by.get(index, []):
            _redirect(model, user.outputs[0], index)
            # Nobody reads it now: it goes with the others that are unused.
            user.inputs = []
    return True


def _redirect(model: Any, old: int, new: int) -> None:
    graph = model.subgraphs[0]
    for operator in graph.operators:
        operator.inputs = [new if index == old else index for index in operator.inputs]
    graph.outputs = [new if index == old else index for index in graph.outputs]


def _same_quantization(one: Any, other: Any) -> bool:
    a, b = one.quantization, other.quantization
    return (
        one.type == other.type
        and np.array_equal(a.scale, b.scale)
        and np.array_equal(a.zeroPoint, b.zeroPoint)
    )


def _drop_unused(model: Any) -> None:
    """Leave out the QUANTIZE and DEQUANTIZE whose results nothing reads."""
    graph = model.subgraphs[0]
    bridges = {schema.BuiltinOperator.QUANTIZE, schema.BuiltinOperator.DEQUANTIZE}
    read = {index for operator in graph.operators for index in operator.inputs}
    read.update(graph.outputs)
    graph.operators = [
        operator
        for operator in graph.operators
        if code_of(model, operator) not in bridges or set(operator.outputs) & read
    ]
