"""Files that are whole to the format and mean harm: `tiny_model`'s, changed by its own schema."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import flatbuffers
import numpy as np
import tiny_model
from ai_edge_litert import schema_py_generated as schema

from edge.models import Model

_CODES, _KINDS = schema.BuiltinOperator, schema.TensorType


def huge_tensor() -> bytes:
    """An input of 4 GB in a file of some kilobytes."""

    def change(model: Any) -> None:
        graph = model.subgraphs[0]
        graph.tensors[graph.inputs[0]].shape = [1 << 15, 1 << 15, 1, 1]

    return _changed(change)


def endless() -> bytes:
    """The picture goes through a WHILE whose condition is always true."""

    def change(model: Any) -> None:
        graph = model.subgraphs[0]
        picture = graph.tensors[graph.inputs[0]]
        after = _tensor(model, graph, picture.shape, picture.type)
        options = schema.WhileOptionsT()
        options.condSubgraphIndex, options.bodySubgraphIndex = 1, 2
        first = graph.operators[0]
        first.inputs = [after if i == graph.inputs[0] else i for i in first.inputs]
        loop = (schema.BuiltinOptions.WhileOptions, options)
        graph.operators.insert(0, _operator(model, _CODES.WHILE, [graph.inputs[0]], after, loop))
        for always in (True, False):
            inner = schema.SubGraphT()
            inner.tensors, inner.operators = [picture], []
            inner.inputs = inner.outputs = [0]
            if always:
                inner.outputs = [_tensor(model, inner, [1], _KINDS.BOOL, np.ones(1, np.bool_))]
            model.subgraphs.append(inner)

    return _changed(change)


def sized_by_the_picture() -> bytes:
    """The brighter the picture, the more memory: the length of a FILL is its mean."""

    def change(model: Any) -> None:
        graph, builtin = model.subgraphs[0], schema.BuiltinOptions
        axes = _tensor(model, graph, [3], _KINDS.INT32, np.arange(1, 4, dtype=np.int32))
        one = _tensor(model, graph, [], _KINDS.FLOAT32, np.ones(1, np.float32))
        mean = _tensor(model, graph, [1], _KINDS.FLOAT32)
        length = _tensor(model, graph, [1], _KINDS.INT32)
        filled = _tensor(model, graph, [1], _KINDS.FLOAT32)
        graph.operators[:0] = [
            _operator(model, _CODES.MEAN, [graph.inputs[0], axes], mean,
                      (builtin.ReducerOptions, schema.ReducerOptionsT())),
            _operator(model, _CODES.CAST, [mean], length,
                      (builtin.CastOptions, schema.CastOptionsT())),
            _operator(model, _CODES.FILL, [length, one], filled,
                      (builtin.FillOptions, schema.FillOptionsT())),
        ]  # fmt: skip

    return _changed(change)


def unknown_operator() -> bytes:
    """An operator of its author's own, whose code no runtime of ours has."""

    def change(model: Any) -> None:
        code = model.operatorCodes[0]
        code.builtinCode, code.deprecatedBuiltinCode = _CODES.CUSTOM, _CODES.CUSTOM
        code.customCode = "TheirOwn"

    return _changed(change)


def card_that_lies(model: Model, **changes: Any) -> None:
    """Writes `model`'s card with `changes`, unchecked, as anybody with an editor can."""
    text = json.dumps({**model.card.model_dump(mode="json"), **changes})
    model.path.with_suffix(".json").write_text(text)


FILES: dict[str, Callable[[], bytes]] = {
    "huge_tensor": huge_tensor,
    "endless": endless,
    "sized_by_the_picture": sized_by_the_picture,
    "unknown_operator": unknown_operator,
}


def _changed(change: Callable[[Any], None]) -> bytes:
    content = tiny_model.build("float32", classes=3)
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    change(model)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _tensor(
    model: Any, graph: Any, shape: list[int], kind: int, data: np.ndarray | None = None
) -> int:
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.type, tensor.buffer = "theirs", shape, kind, 0
    if data is not None:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(data.tobytes(), np.uint8)
        model.buffers.append(buffer)
        tensor.buffer = len(model.buffers) - 1
    graph.tensors.append(tensor)
    return len(graph.tensors) - 1


def _operator(
    model: Any, code: int, inputs: list[int], output: int, options: tuple[int, Any]
) -> Any:
    kind = schema.OperatorCodeT()
    kind.builtinCode = kind.deprecatedBuiltinCode = code
    kind.version = 1
    model.operatorCodes.append(kind)
    operator = schema.OperatorT()
    operator.opcodeIndex = len(model.operatorCodes) - 1
    operator.inputs, operator.outputs = inputs, [output]
    operator.builtinOptionsType, operator.builtinOptions = options
    return operator
