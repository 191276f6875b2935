"""Multiply-accumulates of one inference: convolutions, dense and recurrent products.

BatchNorm folds into the layer before it, and activations, pooling and element-wise products
are left out, as is usual.
"""

from __future__ import annotations

from math import prod
from typing import Any

import keras
from keras import layers

from edge.errors import ConversionError

_GATES = {layers.LSTM: 4, layers.GRU: 3, layers.SimpleRNN: 1}


def macs(model: keras.Model) -> int:
    """Of one sample through `model`. Raises ConversionError for a layer that it cannot count."""
    # A batch of one, so that what a network folds into its batch is counted as often as it is.
    one = keras.models.clone_model(model, keras.Input(batch_shape=(1, *model.input_shape[1:])))
    return sum(_of_layer(layer) for layer in one.layers)


def _of_layer(layer: layers.Layer) -> int:
    if isinstance(layer, keras.Model):
        return macs(layer)
    if isinstance(layer, layers.Bidirectional):
        steps, size = _sequence(layer)
        return sum(
            _of_recurrent(half, steps, size) for half in (layer.forward_layer, layer.backward_layer)
        )
    if type(layer) in _GATES:
        return _of_recurrent(layer, *_sequence(layer))
    if isinstance(layer, layers.Dense | layers.Conv1D | layers.Conv2D | layers.DepthwiseConv2D):
        # Every value of a kernel is used once at every place of the output.
        return prod(_places(layer)) * int(prod(layer.kernel.shape))
    if layer.weights and not isinstance(layer, layers.BatchNormalization | layers.Normalization):
        raise ConversionError(
            f"the MACs of {layer.name!r} ({type(layer).__name__}) are not known: "
            "teach convert/conversion/macs.py to count them"
        )
    return 0


def _places(layer: layers.Layer) -> tuple[int, ...]:
    """The output's extent without channels: one product of the kernel each."""
    extent: tuple[int, ...] = tuple(layer.output.shape[:-1])
    return extent


def _sequence(layer: layers.Layer) -> tuple[int, int]:
    _, steps, size = layer.input.shape
    return steps, size


def _of_recurrent(layer: Any, steps: int, size: int) -> int:
    gates: int = _GATES[type(layer)]
    return steps * gates * int(layer.units) * (size + int(layer.units))
