"""A .tflite small enough to know by heart: scores = softmax(weights · picture + bias).

Built from the file format's own schema, so that no test of the runtime needs TensorFlow.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from edge.models import Model, ModelCard, write_card
from edge.settings.sections import PreprocessSettings
from edge.vision.sequence_settings import SequenceSettings

LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
SIDE = 48
INPUT_SCALE, WEIGHT_SCALE, LOGIT_SCALE, SCORE_SCALE = 1 / 255, 0.0005, 0.05, 1 / 256


def weights(seed: int = 0, classes: int = len(LABELS), frames: int = 1) -> NDArray[np.int8]:
    """int8 (classes, frames · 2304), in steps of WEIGHT_SCALE."""
    rng = np.random.default_rng(seed)
    return rng.integers(-127, 128, (classes, frames * SIDE * SIDE), dtype=np.int8)


def expected_scores(image: NDArray[np.uint8], seed: int = 0) -> NDArray[np.float32]:
    """What the network computes, without rounding: float32 (n_classes,)."""
    logits = weights(seed) * WEIGHT_SCALE @ (image.reshape(-1) / 255)
    powers = np.exp(logits - logits.max())
    return np.asarray(powers / powers.sum(), np.float32)


def build(
    dtype: str = "int8",
    *,
    input_scale: float = INPUT_SCALE,
    seed: int = 0,
    classes: int = len(LABELS),
    frames: int = 0,
    picture_shape: tuple[int, int, int] = (SIDE, SIDE, 1),
    softmax: bool = True,
    n_outputs: int = 1,
) -> bytes:
    """The file's bytes, its tensors int8 or float32 throughout; `frames` make it a sequence
    model. "uint8" takes and gives uint8 around int8, as converters do it."""
    graph = _Graph("float32" if dtype == "float32" else "int8")
    shape = (1, frames, *picture_shape) if frames else (1, *picture_shape)
    flat = np.random.default_rng(seed).integers(
        -127, 128, (classes, int(np.prod(shape))), dtype=np.int8
    )
    picture = given = graph.tensor("image", shape, (input_scale, -128))
    if dtype == "uint8":
        given = graph.uint8("bytes", shape, input_scale)
        graph.requantize(given, picture)
    kernel = graph.tensor("kernel", flat.shape, (WEIGHT_SCALE, 0), flat)
    bias = graph.bias(classes, input_scale * WEIGHT_SCALE)
    logits = graph.tensor("logits", (1, classes), (LOGIT_SCALE, 0))
    scores = graph.tensor("scores", (1, classes), (SCORE_SCALE, -128))
    graph.operator(
        schema.BuiltinOperator.FULLY_CONNECTED,
        [picture, kernel, bias],
        [logits],
        (schema.BuiltinOptions.FullyConnectedOptions, schema.FullyConnectedOptionsT()),
    )
    if not softmax:
        return graph.pack([given], [logits])
    options = schema.SoftmaxOptionsT()
    options.beta = 1.0
    graph.operator(
        schema.BuiltinOperator.SOFTMAX,
        [logits],
        [scores],
        (schema.BuiltinOptions.SoftmaxOptions, options),
    )
    taken = scores
    if dtype == "uint8":
        taken = graph.uint8("byte scores", (1, classes), SCORE_SCALE)
        graph.requantize(scores, taken)
    return graph.pack([given], [taken, logits][:n_outputs])


def card(content: bytes, **changes: Any) -> ModelCard:
    fields: dict[str, Any] = {
        "name": "tiny",
        "modality": "face",
        "labels": LABELS,
        "input_shape": (SIDE, SIDE, 1),
        "dtype": "int8",
        "scale": INPUT_SCALE,
        "zero_point": -128,
        "preprocessing": PreprocessSettings(),
        "parameters": len(LABELS) * (SIDE * SIDE + 1),
        "macs": len(LABELS) * SIDE * SIDE,
        "sha256": hashlib.sha256(content).hexdigest(),
        "size_bytes": len(content),
        "source": "made up for the tests",
        "training_data": "none",
        "licence": "MIT",
        "terms": "Use it as you like.",
        **changes,
    }
    return ModelCard(**fields)


def write(
    folder: Path,
    precision: str = "int8",
    *,
    classes: int = len(LABELS),
    sequence: SequenceSettings | None = None,
    **changes: Any,
) -> Model:
    """tiny.tflite and tiny.json in `folder`; `changes` are to the card, and `sequence` makes it
    one for video."""
    content = build(precision, classes=classes, frames=sequence.frames if sequence else 0)
    if sequence is not None:
        shape = (sequence.frames, SIDE, SIDE, 1)
        seen = {"modality": "video", "preprocessing": sequence, "input_shape": shape}
        changes = {**seen, **changes}
    if precision == "float32":
        changes = {"dtype": "float32", "scale": 1.0, "zero_point": 0, **changes}
    path = folder / "tiny.tflite"
    path.write_bytes(content)
    made = card(content, **changes)
    write_card(made, path.with_suffix(".json"))
    return Model(path, made)


class _Graph:
    def __init__(self, dtype: str) -> None:
        self._int8 = dtype == "int8"
        self._model = schema.ModelT()
        self._model.version = 3
        self._model.buffers = [schema.BufferT()]
        self._model.operatorCodes = []
        self._graph = schema.SubGraphT()
        self._graph.tensors, self._graph.operators = [], []

    def tensor(
        self,
        name: str,
        shape: tuple[int, ...],
        quantization: tuple[float, int],
        data: NDArray[np.int8] | None = None,
    ) -> int:
        """Its index. Float graphs hold the same data, multiplied out."""
        kind = schema.TensorType.INT8 if self._int8 else schema.TensorType.FLOAT32
        if data is not None and not self._int8:
            return self._add(name, shape, kind, (data * quantization[0]).astype(np.float32), None)
        return self._add(name, shape, kind, data, quantization if self._int8 else None)

    def uint8(self, name: str, shape: tuple[int, ...], scale: float) -> int:
        return self._add(name, shape, schema.TensorType.UINT8, None, (scale, 0))

    def requantize(self, source: int, target: int) -> None:
        options = (schema.BuiltinOptions.QuantizeOptions, schema.QuantizeOptionsT())
        self.operator(schema.BuiltinOperator.QUANTIZE, [source], [target], options)

    def bias(self, size: int, scale: float) -> int:
        kind = schema.TensorType.INT32 if self._int8 else schema.TensorType.FLOAT32
        data = np.zeros(size, np.int32 if self._int8 else np.float32)
        return self._add("bias", (size,), kind, data, (scale, 0) if self._int8 else None)

    def _add(
        self,
        name: str,
        shape: tuple[int, ...],
        kind: int,
        data: NDArray[Any] | None,
        quantization: tuple[float, int] | None,
    ) -> int:
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type, tensor.buffer = name, list(shape), kind, 0
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(data.tobytes(), np.uint8)
            self._model.buffers.append(buffer)
            tensor.buffer = len(self._model.buffers) - 1
        if quantization is not None:
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale = [quantization[0]]
            tensor.quantization.zeroPoint = [quantization[1]]
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def operator(
        self, code: int, inputs: list[int], outputs: list[int], options: tuple[int, Any]
    ) -> None:
        kind = schema.OperatorCodeT()
        kind.builtinCode = kind.deprecatedBuiltinCode = code
        # int8 came with the fourth version of the dense layer, the second of softmax.
        dense = code == schema.BuiltinOperator.FULLY_CONNECTED
        kind.version = (4 if dense else 2) if self._int8 else 1
        self._model.operatorCodes.append(kind)
        operator = schema.OperatorT()
        operator.opcodeIndex = len(self._model.operatorCodes) - 1
        operator.inputs, operator.outputs = inputs, outputs
        operator.builtinOptionsType, operator.builtinOptions = options
        self._graph.operators.append(operator)

    def pack(self, inputs: list[int], outputs: list[int]) -> bytes:
        self._graph.inputs, self._graph.outputs = inputs, outputs
        self._model.subgraphs = [self._graph]
        builder = flatbuffers.Builder(1024)
        builder.Finish(self._model.Pack(builder), b"TFL3")
        return bytes(builder.Output())
