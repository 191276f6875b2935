"""A large matrix product as a .tflite of one layer: what the core can do at its best.

Run by the same interpreter, with the same kernels and threads, it is the peak that a network's
multiply-accumulates a second are held against.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edge.errors import MissingPackageError

ROWS, DEPTH, COLUMNS = 256, 1024, 1024
MACS = ROWS * DEPTH * COLUMNS


def matmul(dtype: str, *, threads: int) -> Callable[[], None]:
    """A call that computes one product in "int8" or "float32" through LiteRT."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise MissingPackageError(
            "the matrix product needs LiteRT: pip install ai-edge-litert"
        ) from error
    interpreter = Interpreter(model_content=model(dtype), num_threads=threads)
    interpreter.allocate_tensors()
    detail = interpreter.get_input_details()[0]
    values = np.random.default_rng(0).integers(-100, 100, (ROWS, DEPTH))
    interpreter.set_tensor(detail["index"], values.astype(dtype))
    invoke: Callable[[], None] = interpreter.invoke
    return invoke


def model(dtype: str) -> bytes:
    """The .tflite: (ROWS, DEPTH) times constant weights (DEPTH, COLUMNS)."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    graph = schema.SubGraphT()
    whole = schema.ModelT()
    whole.version = 3
    whole.buffers = [schema.BufferT(), schema.BufferT()]
    weights = np.random.default_rng(1).integers(-100, 100, (COLUMNS, DEPTH)).astype(dtype)
    whole.buffers[1].data = weights.view(np.uint8).ravel()
    graph.tensors = [
        _tensor(schema, "input", (ROWS, DEPTH), dtype, scale=0.01, buffer=0),
        _tensor(schema, "weights", weights.shape, dtype, scale=0.01, buffer=1),
        _tensor(schema, "product", (ROWS, COLUMNS), dtype, scale=1.0, buffer=0),
    ]
    graph.inputs, graph.outputs = [0], [2]
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.FULLY_CONNECTED
    code.version = 4 if dtype == "int8" else 1
    operator = schema.OperatorT()
    # The third input is the bias: none.
    operator.opcodeIndex, operator.inputs, operator.outputs = 0, [0, 1, -1], [2]
    operator.builtinOptionsType = schema.BuiltinOptions.FullyConnectedOptions
    operator.builtinOptions = schema.FullyConnectedOptionsT()
    graph.operators, whole.operatorCodes, whole.subgraphs = [operator], [code], [graph]
    builder = flatbuffers.Builder(1024)
    builder.Finish(whole.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _tensor(
    schema: Any, name: str, shape: tuple[int, ...], dtype: str, *, scale: float, buffer: int
) -> Any:
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.buffer = name.encode(), list(shape), buffer
    tensor.type = schema.TensorType.INT8 if dtype == "int8" else schema.TensorType.FLOAT32
    if dtype == "int8":
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale = np.array([scale], np.float32)
        tensor.quantization.zeroPoint = np.zeros(1, np.int64)
    return tensor
