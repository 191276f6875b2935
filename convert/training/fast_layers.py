"""Layers that compute the same as Keras's and train in a fraction of the time.

On a CPU under TensorFlow, BatchNorm by the fused kernel: Keras 3 composes it from separate
operations, which cost as much as a convolution. On an accelerator under JAX, depthwise
convolutions as shifted products: XLA's own took minutes to compile and most of each step.
Training swaps the layers; the saved network is plain Keras.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops


class FusedBatchNormalization(layers.BatchNormalization):  # type: ignore[misc]  # keras is untyped
    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if not training or mask is not None:
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        x = inputs if len(inputs.shape) == 4 else inputs[:, None, None, :]
        y, mean, variance, *_ = tf.compat.v1.nn.fused_batch_norm(
            x, self.gamma, self.beta, epsilon=self.epsilon, is_training=True
        )
        # The kernel returns the sample's variance, over n - 1; Keras keeps the one over n.
        n = tf.cast(tf.size(x) // tf.shape(x)[-1], variance.dtype)
        variance *= (n - 1) / n
        keep = self.momentum
        self.moving_mean.assign(self.moving_mean * keep + mean * (1 - keep))
        self.moving_variance.assign(self.moving_variance * keep + variance * (1 - keep))
        return y if y.shape.rank == len(inputs.shape) else y[:, 0, 0, :]


class ShiftedDepthwiseConv2D(layers.DepthwiseConv2D):  # type: ignore[misc]  # keras is untyped
    """One product for each place of the kernel, summed in float32; "same" padding, no bias."""

    def call(self, inputs: Any) -> Any:
        (rows, cols), stride = self.kernel_size, self.strides[0]
        above, height = _same_padding(inputs.shape[1], rows, stride)
        before, width = _same_padding(inputs.shape[2], cols, stride)
        x = ops.pad(inputs, ((0, 0), above, before, (0, 0)))
        y = 0
        for row in range(rows):
            for col in range(cols):
                seen = x[
                    :,
                    row : row + stride * (height - 1) + 1 : stride,
                    col : col + stride * (width - 1) + 1 : stride,
                ]
                weight = ops.cast(self.kernel[row, col, :, 0], "float32")
                y += ops.cast(seen, "float32") * weight
        return ops.cast(y, self.compute_dtype)


def _same_padding(extent: int, kernel: int, stride: int) -> tuple[tuple[int, int], int]:
    """What TensorFlow's "same" adds at both ends, and how many places come out."""
    places = -(-extent // stride)
    missing = max((places - 1) * stride + kernel - extent, 0)
    return (missing // 2, missing - missing // 2), places


_SWAPPED: dict[str, dict[type, Any]] = {
    "tensorflow": {layers.BatchNormalization: FusedBatchNormalization},
    "jax": {layers.DepthwiseConv2D: ShiftedDepthwiseConv2D},
}


def for_training(model: keras.Model) -> keras.Model:
    """`model`, its weights too, with the layers that this backend computes slowly swapped."""
    swapped = _SWAPPED.get(keras.backend.backend(), {})
    if not any(type(layer) in swapped for layer in model.layers):
        return model

    def swap(layer: layers.Layer) -> layers.Layer:
        kind: Any = type(layer)
        return swapped.get(kind, kind).from_config(layer.get_config())

    training = keras.models.clone_model(model, clone_function=swap)
    training.set_weights(model.get_weights())
    return training
