"""Prints decision 0003's table: a training step's layers, BatchNorm composed and fused.

    python docs/decisions/0003_batchnorm.py       (needs the convert extra; under a minute)

Forward and backward pass of each layer of `cnn` at a batch of 64 in mixed bfloat16, all
interleaved in one run.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf
from keras import layers

from benchmarks.measuring.timing import interleave, ratio
from convert.training.fast_layers import FusedBatchNormalization

BATCH, ROUNDS, WARMUPS = 64, 10, 2
STAGES = [
    ((48, 48, 1), 64, 3),
    ((24, 24, 64), 128, 5),
    ((12, 12, 128), 512, 3),
    ((6, 6, 512), 512, 3),
]


def step(layer: layers.Layer, shape: tuple[int, int, int]) -> Callable[[], object]:
    layer.build((None, *shape))
    x = tf.cast(tf.random.normal((BATCH, *shape)), tf.bfloat16)

    @tf.function
    def run() -> object:
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(tf.cast(layer(x, training=True), tf.float32))
        return tape.gradient(total, [x, *layer.trainable_variables])

    return run


def main() -> None:
    keras.mixed_precision.set_dtype_policy("mixed_bfloat16")
    cases: dict[str, Callable[[], object]] = {}
    for number, (shape, filters, kernel) in enumerate(STAGES, start=1):
        mapped = (*shape[:2], filters)
        cases[f"conv {number}"] = step(layers.Conv2D(filters, kernel, padding="same"), shape)
        cases[f"composed {number}"] = step(layers.BatchNormalization(), mapped)
        cases[f"fused {number}"] = step(FusedBatchNormalization(), mapped)
    taken = interleave(cases, rounds=ROUNDS, warmups=WARMUPS)
    print("| stage | convolution, ms | BatchNorm composed, ms | fused, ms | fused : composed |")
    print("|---|---|---|---|---|")
    for number, (shape, filters, kernel) in enumerate(STAGES, start=1):
        conv, composed, fused = (taken[f"{k} {number}"] for k in ("conv", "composed", "fused"))
        share = ratio(fused, composed)
        print(
            f"| {kernel}x{kernel}, {filters} on {shape[0]}x{shape[1]} | {conv.median:.0f} "
            f"| {composed.median:.0f} | {fused.median:.0f} "
            f"| {share.value:.2f} [{share.low:.2f}, {share.high:.2f}] |"
        )


if __name__ == "__main__":
    main()
