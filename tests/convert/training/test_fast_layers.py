"""The fast layers are Keras's own: same outputs, gradients and moving statistics."""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")
pytestmark = [
    pytest.mark.keras,
    pytest.mark.skipif(
        keras.backend.backend() != "tensorflow", reason="the fused kernel is TensorFlow's"
    ),
]


def pair(shape: tuple[int, ...]) -> tuple[keras.Layer, keras.Layer]:
    """Keras's layer and the fused one with the same random weights."""
    from convert.training.fast_layers import FusedBatchNormalization

    rng = np.random.default_rng(1)
    plain, fast = keras.layers.BatchNormalization(), FusedBatchNormalization()
    for layer in (plain, fast):
        layer.build(shape)
    weights = [rng.uniform(0.5, 2, weight.shape) for weight in plain.get_weights()]
    plain.set_weights(weights)
    fast.set_weights(weights)
    return plain, fast


@pytest.mark.parametrize("shape", [(8, 6, 5, 3), (32, 7)], ids=["maps", "features"])
def test_training_and_inference_agree(shape: tuple[int, ...]) -> None:
    plain, fast = pair(shape)
    rng = np.random.default_rng(2)
    for _ in range(5):
        batch = rng.normal(3, 2, shape).astype(np.float32)
        np.testing.assert_allclose(
            fast(batch, training=True), plain(batch, training=True), rtol=1e-4, atol=1e-4
        )
    for ours, theirs in zip(fast.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
    batch = rng.normal(3, 2, shape).astype(np.float32)
    np.testing.assert_allclose(fast(batch), plain(batch), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(8, 6, 5, 3), (32, 7)], ids=["maps", "features"])
def test_gradients_agree(shape: tuple[int, ...]) -> None:
    import tensorflow as tf

    rng = np.random.default_rng(3)
    batch = tf.constant(rng.normal(0, 2, shape), tf.float32)
    pull = tf.constant(rng.normal(0, 1, shape), tf.float32)
    gradients = []
    for layer in pair(shape):
        with tf.GradientTape() as tape:
            tape.watch(batch)
            value = tf.reduce_sum(layer(batch, training=True) * pull)
        gradients.append(tape.gradient(value, [batch, *layer.trainable_variables]))
    for plain, fast in zip(*gradients, strict=True):
        np.testing.assert_allclose(fast, plain, rtol=1e-3, atol=1e-3)


def test_a_model_for_training_holds_fused_layers_and_the_same_weights_in_the_same_order() -> None:
    from convert.training import fast_layers as fused

    image = keras.Input((4, 4, 1))
    x = keras.layers.BatchNormalization()(keras.layers.Conv2D(2, 3)(image))
    plain = keras.Model(image, keras.layers.Dropout(0.5)(x))
    fast = fused.for_training(plain)
    kinds = [type(layer).__name__ for layer in fast.layers]
    assert "FusedBatchNormalization" in kinds
    assert "BatchNormalization" not in kinds
    assert [w.shape for w in fast.get_weights()] == [w.shape for w in plain.get_weights()]


@pytest.mark.parametrize(("stride", "side"), [(1, 6), (2, 6), (2, 7)])
def test_a_shifted_depthwise_convolution_is_keras_own(stride: int, side: int) -> None:
    from convert.training.fast_layers import ShiftedDepthwiseConv2D

    rng = np.random.default_rng(4)
    plain = keras.layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False)
    shifted = ShiftedDepthwiseConv2D.from_config(plain.get_config())
    batch = rng.normal(0, 1, (2, side, side, 5)).astype(np.float32)
    for layer in (plain, shifted):
        layer.build(batch.shape)
    shifted.set_weights(plain.get_weights())
    np.testing.assert_allclose(shifted(batch), plain(batch), rtol=1e-5, atol=1e-6)
