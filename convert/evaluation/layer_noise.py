"""Where int8 loses precision: each layer's signal-to-noise ratio against the float network."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.models import Model, verify


@dataclass(frozen=True, slots=True)
class LayerNoise:
    """A layer's output: 10 · log10(Σ float² / Σ (float - int8)²), over all faces given."""

    layer: str
    snr_db: float


def layer_noise(float32: Model, int8: Model, images: NDArray[np.uint8]) -> list[LayerNoise]:
    """Every output that both networks have, the noisiest first. `images`: uint8 (n, 48, 48)."""
    in_float, in_int8 = _Probe(float32), _Probe(int8)
    common = sorted(set(in_float.outputs) & set(in_int8.outputs))
    signal, noise = dict.fromkeys(common, 0.0), dict.fromkeys(common, 0.0)
    for image in images:
        in_float.run(image)
        in_int8.run(image)
        for name in common:
            exact, rounded = in_float.value(name), in_int8.value(name)
            signal[name] += float(np.sum(exact**2))
            noise[name] += float(np.sum((exact - rounded) ** 2))
    found = [LayerNoise(_layer(name), _decibel(signal[name], noise[name])) for name in common]
    return sorted(found, key=lambda layer: layer.snr_db)


def _decibel(signal: float, noise: float) -> float:
    # A layer that is exact, or that is nothing but zeros, has no noise to speak of.
    return 10 * float(np.log10(signal / noise)) if signal and noise else float("inf")


def _layer(tensor: str) -> str:
    """ "functional/cnn/conv2d_1/BiasAdd;…" → "conv2d_1/BiasAdd"."""
    return "/".join(tensor.split(";")[0].split("/")[-3:])


class _Probe:
    """An interpreter that keeps what every operator wrote."""

    def __init__(self, model: Model) -> None:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        content = model.content if model.content is not None else verify(model)
        with warnings.catch_warnings():
            # It warns of the memory this takes; that is what we ask for.
            warnings.simplefilter("ignore", UserWarning)
            self._interpreter = Interpreter(
                model_content=content,
                # The delegate would fuse operators and keep nothing between them.
                experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
                experimental_preserve_all_tensors=True,
            )
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]
        # By name: the converter keeps the layers' names in both files.
        self.outputs: dict[str, dict[str, Any]] = {}
        details = {tensor["index"]: tensor for tensor in self._interpreter.get_tensor_details()}
        for operator in self._interpreter._get_ops_details():
            for index in operator["outputs"]:
                if details[index]["dtype"] in (np.int8, np.float32):
                    self.outputs[details[index]["name"]] = details[index]

    def run(self, image: NDArray[np.uint8]) -> None:
        values: NDArray[Any] = image.reshape(self._input["shape"]) / np.float32(255)
        if self._input["dtype"] == np.int8:
            scale, zero_point = self._input["quantization"]
            values = np.clip(np.rint(values / scale) + zero_point, -128, 127)
        self._interpreter.set_tensor(self._input["index"], values.astype(self._input["dtype"]))
        self._interpreter.invoke()

    def value(self, name: str) -> NDArray[np.float64]:
        tensor = self.outputs[name]
        values = self._interpreter.get_tensor(tensor["index"]).astype(np.float64)
        scale, zero_point = tensor["quantization"]
        real: NDArray[np.float64] = (values - zero_point) * scale if scale else values
        return real
