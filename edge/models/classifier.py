"""One classifier over a .tflite, by LiteRT or by tflite-runtime where that is what there is."""

from __future__ import annotations

from importlib import import_module
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from edge.errors import MissingPackageError, ModelError, UsageError
from edge.models import Model, verify
from edge.native_output import suppress_native_stderr
from edge.types import Prediction

ENGINES = {
    "litert": ("ai_edge_litert.interpreter", "ai-edge-litert"),
    "tflite-runtime": ("tflite_runtime.interpreter", "emotion-edge[tflite]"),
}


class Classifier:
    """Names the emotion in one picture of the model's input size.

    The picture's bytes become the model's input through a table of 256 values made once, so a
    call costs the inference and a few microseconds. Not for use by two threads at a time.
    Raises ModelError where the file is not what its card says, MissingPackageError where the
    engine is not installed.
    """

    def __init__(self, model: Model, *, threads: int = 1, engine: str = "auto") -> None:
        interpreter_class = _interpreter_class(engine)
        content = model.content if model.content is not None else verify(model)
        try:
            with suppress_native_stderr():  # it announces its delegate there
                self._interpreter = interpreter_class(model_content=content, num_threads=threads)
                self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{model.path} is no model this engine can run: {error}") from error
        source, target = _checked_ends(self._interpreter, model)
        card = model.card
        self.labels = card.labels
        self._shape = card.input_shape[:-1] if card.input_shape[-1] == 1 else card.input_shape
        self._table = _quantization_table(source)
        self._input = np.zeros(source["shape"], self._table.dtype)
        # The same memory in the picture's own shape.
        self._image = self._input.reshape(self._shape)
        self._input_index, self._output_index = source["index"], target["index"]
        self._scale, self._zero_point = target["quantization"]

    def classify(self, image: NDArray[np.uint8]) -> Prediction:
        """Scores of `image`, uint8 of the card's shape: (48, 48) for a face.

        Raises UsageError for another shape or dtype.
        """
        if image.shape != self._shape or image.dtype != np.uint8:
            raise UsageError(
                f"the model takes uint8 {self._shape} and was given {image.dtype} {image.shape}"
            )
        np.take(self._table, image, out=self._image, mode="clip")
        self._interpreter.set_tensor(self._input_index, self._input)
        self._interpreter.invoke()
        scores = self._interpreter.get_tensor(self._output_index)[0].astype(np.float32)
        if self._scale:
            scores = (scores - self._zero_point) * np.float32(self._scale)
        total = scores.sum()
        # A softmax rounded to 8 bits sums to nearly one; to nothing only if every class is nil.
        scores = scores / total if total > 0 else np.full_like(scores, 1 / len(scores))
        return Prediction(self.labels, scores)

    def close(self) -> None:
        """Free the interpreter; the classifier cannot be used afterwards."""
        self._interpreter = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _interpreter_class(engine: str) -> Any:
    if engine != "auto" and engine not in ENGINES:
        raise UsageError(f"there is no engine {engine!r}: choose auto, {', '.join(ENGINES)}")
    reasons = []
    for name in ENGINES if engine == "auto" else (engine,):
        try:
            return import_module(ENGINES[name][0]).Interpreter
        except ImportError as error:
            # Absent, or built for another numpy or C library: the reason says which.
            reasons.append(error)
    package = ENGINES["litert" if engine == "auto" else engine][1]
    raise MissingPackageError(
        f"no inference engine can be loaded ({'; '.join(map(str, reasons))}): "
        f"pip install '{package}'"
    ) from reasons[0]


def _checked_ends(interpreter: Any, model: Model) -> tuple[dict[str, Any], dict[str, Any]]:
    """The model's input and output, where they are what the card says. Raises ModelError."""
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    if len(inputs) != 1 or len(outputs) != 1:
        raise ModelError(
            f"{model.path} has {len(inputs)} inputs and {len(outputs)} outputs: give one with one"
        )
    card = model.card
    for end, shape, what in (
        (inputs[0], (1, *card.input_shape), "input"),
        (outputs[0], (1, len(card.labels)), "output"),
    ):
        found = (tuple(int(n) for n in end["shape"]), np.dtype(end["dtype"]).name)
        if found != (shape, card.dtype):
            raise ModelError(
                f"{model.path}: its {what} is {found[1]} {found[0]} and its card says "
                f"{card.dtype} {shape}: fetch both again"
            )
    scale, zero_point = inputs[0]["quantization"]
    if card.dtype == "int8" and not (
        np.isclose(scale, card.scale, rtol=1e-4) and zero_point == card.zero_point
    ):
        raise ModelError(
            f"{model.path}: its input has scale {scale:.6g} and zero point {zero_point}, its card "
            f"says {card.scale:.6g} and {card.zero_point}: fetch both again"
        )
    return inputs[0], outputs[0]


def _quantization_table(source: dict[str, Any]) -> NDArray[Any]:
    """What each of the 256 byte values, as a share of 255, is to the model's input."""
    fractions = np.arange(256, dtype=np.float64) / 255
    if source["dtype"] == np.float32:
        return fractions.astype(np.float32)
    scale, zero_point = source["quantization"]
    steps: NDArray[np.float64] = np.rint(fractions / scale) + zero_point
    return steps.clip(-128, 127).astype(np.int8)
