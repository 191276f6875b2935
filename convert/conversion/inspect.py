"""What is inside a .tflite, read from the file itself: nothing is run."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from convert.conversion import flatbuffer as tflite_file
from edge.errors import MissingModelError, ModelError

_TYPES = {value: name.lower() for name, value in vars(schema.TensorType).items() if name.isupper()}
_OPERATORS = {value: name for name, value in vars(schema.BuiltinOperator).items() if name.isupper()}
_FLOATS = ("float16", "float32", "float64", "bfloat16")


@dataclass(frozen=True, slots=True)
class End:
    """An input or output: int8 values mean (value - zero_point) * scale."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int


@dataclass(frozen=True, slots=True)
class Inspection:
    """operators and tensors count by kind; `weight_bytes` are the constants; `metadata` ours."""

    size_bytes: int
    weight_bytes: int
    macs: int
    operators: dict[str, int]
    tensors: dict[str, int]
    inputs: tuple[End, ...]
    outputs: tuple[End, ...]
    metadata: dict[str, Any] | None

    @property
    def float_tensors(self) -> int:
        """How many tensors that operators read or write are floating point."""
        return sum(n for dtype, n in self.tensors.items() if dtype in _FLOATS)

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "float_tensors": self.float_tensors}


def inspect(path: Path) -> Inspection:
    """Read the .tflite at `path`. Raises MissingModelError, ModelError where it is none."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise MissingModelError(f"there is no model {path}: give a .tflite") from error
    except OSError as error:
        raise ModelError(f"the model {path} cannot be read: {error.strerror}") from error
    if not tflite_file.is_tflite(content):
        raise ModelError(f"{path} is no .tflite file: give one that edge-convert quantize wrote")
    try:
        return _inspect(content)
    except Exception as error:
        # The format's generated reader trusts every offset: damage shows as any error at all.
        raise ModelError(f"{path} is truncated or damaged ({error}): fetch it again") from error


def _inspect(content: bytes) -> Inspection:
    model = tflite_file.parse(content)
    graph = model.subgraphs[0]
    used = {i for op in graph.operators for i in (*op.inputs, *op.outputs) if i >= 0}
    return Inspection(
        size_bytes=len(content),
        weight_bytes=sum(_bytes_of(model, graph.tensors[i]) for i in used),
        macs=sum(_macs(model, operator) for operator in graph.operators),
        operators=dict(
            Counter(_OPERATORS[tflite_file.code_of(model, op)] for op in graph.operators)
        ),
        tensors=dict(Counter(_TYPES[graph.tensors[i].type] for i in sorted(used))),
        inputs=tuple(_end(graph.tensors[i]) for i in graph.inputs),
        outputs=tuple(_end(graph.tensors[i]) for i in graph.outputs),
        metadata=tflite_file.metadata_of(model),
    )


def _bytes_of(model: Any, tensor: Any) -> int:
    data = model.buffers[tensor.buffer].data
    return 0 if data is None else len(data)


def _end(tensor: Any) -> End:
    quantized = tensor.quantization is not None and tensor.quantization.scale is not None
    return End(
        name=tensor.name.decode() if isinstance(tensor.name, bytes) else str(tensor.name),
        shape=tuple(int(n) for n in tensor.shape),
        dtype=_TYPES[tensor.type],
        # The file holds float32; its shortest decimal form reads better than its double.
        scale=float(str(np.float32(tensor.quantization.scale[0]))) if quantized else 1.0,
        zero_point=int(tensor.quantization.zeroPoint[0]) if quantized else 0,
    )


def _macs(model: Any, operator: Any) -> int:
    """Every value of a kernel is used once at every place of the output."""
    code = tflite_file.code_of(model, operator)
    tensors = model.subgraphs[0].tensors
    kernels = {
        schema.BuiltinOperator.CONV_2D,
        schema.BuiltinOperator.DEPTHWISE_CONV_2D,
        schema.BuiltinOperator.FULLY_CONNECTED,
    }
    if code not in kernels:
        return 0
    kernel, out = tensors[operator.inputs[1]].shape, tensors[operator.outputs[0]].shape
    return prod(int(n) for n in kernel) * prod(int(n) for n in out[:-1])
