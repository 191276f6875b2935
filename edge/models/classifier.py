"""One classifier over a .tflite, by LiteRT or by tflite-runtime where that is what there is."""

from __future__ import annotations

from importlib import import_module
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from edge.errors import MissingPackageError, ModelError, UsageError
from edge.models import Model, ModelCard, verify
from edge.models.scaling import Scaling
from edge.system.native_output import suppress_native_stderr
from edge.system.pip import pip_install
from edge.types import Prediction

ENGINES = {
    "litert": ("ai_edge_litert.interpreter", "ai-edge-litert"),
    "tflite-runtime": ("tflite_runtime.interpreter", "emotion-edge[tflite]"),
}
DTYPES = ("int8", "uint8", "float32")
"""What a model may take and give."""


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
        self.card, self.labels = card, card.labels
        self._shape = card.input_shape[:-1] if card.input_shape[-1] == 1 else card.input_shape
        self._logits = card.output == "logits"
        self._table = quantization_table(card.scaling, source)
        self._input = np.zeros(source["shape"], self._table.dtype)
        # The same memory in the picture's own shape.
        self._image = self._input.reshape(self._shape)
        self._input_index, self._output_index = source["index"], target["index"]
        self._scale, self._zero_point = target["quantization"]
        self._temperature = card.calibration.temperature if card.calibration else 1.0
        self._gains = _gains(card)

    def classify(self, image: NDArray[np.uint8]) -> Prediction:
        """Scores of `image`, uint8 of the card's shape: (48, 48) for a face.

        Raises UsageError for another shape or dtype, ModelError for outputs that are no scores.
        """
        return Prediction(self.labels, self._probabilities(self._invoke(image)))

    def raw(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """What the file itself gives for `image`: float32 (n_classes,), neither normalised nor
        checked. Raises UsageError for another shape or dtype."""
        return self._invoke(image)

    def _invoke(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        if image.shape != self._shape or image.dtype != np.uint8:
            raise UsageError(
                f"the model takes uint8 {self._shape} and was given {image.dtype} {image.shape}"
            )
        if self._table.ndim == 1:
            np.take(self._table, image, out=self._image, mode="clip")
        else:
            for channel in range(self._table.shape[1]):
                self._image[..., channel] = self._table[:, channel][image[..., channel]]
        self._interpreter.set_tensor(self._input_index, self._input)
        self._interpreter.invoke()
        outputs: NDArray[np.float32] = self._interpreter.get_tensor(self._output_index)[0]
        outputs = outputs.astype(np.float32)
        if self._scale:
            outputs = (outputs - self._zero_point) * np.float32(self._scale)
        return outputs

    def _probabilities(self, outputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Calibrated, as the card says. Raises ModelError for outputs that can be none."""
        if self._logits:
            outputs = outputs / np.float32(self._temperature)
            powers = np.exp(outputs - outputs.max())
            if self._gains is not None:
                powers *= self._gains
            scores: NDArray[np.float32] = powers / powers.sum()
            return scores
        total = outputs.sum()
        if self._temperature != 1 and outputs.min() >= 0 and np.isfinite(total):
            outputs = outputs ** np.float32(1 / self._temperature)
            total = outputs.sum()
        if self._gains is not None:
            outputs = outputs * self._gains
            total = outputs.sum()
        # A softmax rounded to 8 bits sums to nearly one, and sigmoids to nearly anything; what
        # is below zero, or is no number, is no probability.
        if not (outputs.min() >= 0 and np.isfinite(total)):
            raise ModelError(
                f"the network's outputs ({', '.join(f'{o:.3g}' for o in outputs[:4])}…) are no "
                'probabilities: say output = "logits" on its card, or import it again'
            )
        return outputs / total if total > 0 else np.full_like(outputs, 1 / len(outputs))

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


def _gains(card: ModelCard) -> NDArray[np.float32] | None:
    """What each label's calibrated score is multiplied by; None for nothing."""
    found = card.calibration
    if found is None or not any(found.offsets.values()):
        return None
    offsets = np.array([found.offsets.get(label, 0.0) for label in card.labels], np.float32)
    gains: NDArray[np.float32] = np.exp(np.clip(offsets / np.float32(found.temperature), -30, 30))
    return gains


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
        f"{pip_install(package)}"
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
        # The scores may be of another kind: uint8 in and float32 out is usual.
        dtype = card.dtype if what == "input" or found[1] not in DTYPES else found[1]
        if found != (shape, dtype):
            raise ModelError(
                f"{model.path}: its {what} is {found[1]} {found[0]} and its card says "
                f"{dtype} {shape}: fetch both again"
            )
    scale, zero_point = inputs[0]["quantization"]
    if (
        card.dtype != "float32"
        and scale
        and not (np.isclose(scale, card.scale, rtol=1e-4) and zero_point == card.zero_point)
    ):
        raise ModelError(
            f"{model.path}: its input has scale {scale:.6g} and zero point {zero_point}, its card "
            f"says {card.scale:.6g} and {card.zero_point}: fetch both again"
        )
    return inputs[0], outputs[0]


def quantization_table(scaling: Scaling, source: dict[str, Any]) -> NDArray[Any]:
    """What each of the 256 byte values is to the model's input: (256,), or (256, 3) where its
    channels differ."""
    values = scaling.values()
    if not scaling.per_channel:
        values = values[:, 0]
    dtype = np.dtype(source["dtype"])
    if dtype == np.float32:
        return values.astype(np.float32)
    scale, zero_point = source["quantization"]
    # Without a scale the file takes the values themselves.
    steps: NDArray[np.float64] = np.rint(values / (scale or 1.0)) + zero_point
    limits = np.iinfo(dtype)
    return steps.clip(limits.min, limits.max).astype(dtype)
