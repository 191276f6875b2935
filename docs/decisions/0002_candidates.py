"""Prints decision 0002's table: int8 latency of CNN-LSTMs that all have 3,121,287 parameters.

    python docs/decisions/0002_candidates.py      (needs the convert extra; about five minutes)

Latency does not depend on the weights, so these are untrained. All are timed in one
interleaved run with `cnn`, on one thread.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from keras import KerasTensor, layers

from benchmarks.measuring.timing import interleave, ratio
from convert.conversion.macs import macs
from convert.conversion.quantize import convert_in_child
from convert.zoo import architecture
from convert.zoo.blocks import conv_block, dense_block

ROUNDS, WARMUPS = 300, 20
Layer = Callable[[KerasTensor], KerasTensor]


def convs(*widths: int, first: int = 3) -> Layer:
    """One convolution and one pooling each."""

    def apply(x: KerasTensor) -> KerasTensor:
        for position, width in enumerate(widths):
            x = conv_block(x, width, first if position == 0 else 3)
        return x

    return apply


def steps(n: int) -> Layer:
    """The last map as `n` time steps: its rows, or its pixels."""
    return layers.Reshape((n, -1))


def lstm(units: int, *, bidirectional: bool = True, last: bool = False) -> Layer:
    layer = layers.LSTM(units, return_sequences=not last, unroll=True)
    return layers.Bidirectional(layer) if bidirectional else layer


def dense(*units: int, bn: bool = True) -> Layer:
    def apply(x: KerasTensor) -> KerasTensor:
        for width in units:
            x = dense_block(x, width) if bn else layers.Dense(width, activation="relu")(x)
        return x

    return apply


CANDIDATES: dict[str, list[Layer]] = {
    "4 conv to 512, 3 rows, LSTM 64, 32": [
        convs(32, 64, 512, 512), steps(3), lstm(64, bidirectional=False),
        lstm(32, bidirectional=False, last=True), dense(512, bn=False),
    ],
    "3 conv to 128, 6 rows, BiLSTM 128, 128": [
        convs(64, 128, 128), steps(6), lstm(128), lstm(128), layers.Flatten(), dense(1024),
    ],
    "4 conv to 512, 9 pixels, BiLSTM 256, 128": [
        convs(32, 64, 128, 512), steps(9), lstm(256), lstm(128, last=True), dense(256, 512),
    ],
    "4 conv to 256, 3 rows, BiLSTM 256, 64": [
        convs(32, 64, 128, 256, first=5), steps(3), lstm(256), lstm(64, last=True),
        dense(512, 512),
    ],
}  # fmt: skip


def build(parts: list[Layer]) -> keras.Model:
    image = x = keras.Input((48, 48, 1))
    for part in parts:
        x = part(x)
    return keras.Model(image, layers.Dense(7, activation="softmax")(x))


def runner(model: keras.Model) -> Callable[[], None]:
    """One int8 inference of `model` a call."""
    images = np.random.default_rng(0).random((50, 48, 48, 1), np.float32)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "candidate.keras"
        model.save(path)
        content, _ = convert_in_child(path, images)
    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    return lambda: interpreter.invoke()


def main() -> None:
    wanted = architecture("cnn_lstm").parameters
    models = {name: build(parts) for name, parts in CANDIDATES.items()}
    models["cnn_lstm, as taken"] = architecture("cnn_lstm").build()
    for name, model in models.items():
        if model.count_params() != wanted:
            raise SystemExit(f"{name} has {model.count_params():,} parameters, not {wanted:,}")
    models["cnn"] = architecture("cnn").build()
    cases = {name: runner(model) for name, model in models.items()}
    taken = interleave(cases, rounds=ROUNDS, warmups=WARMUPS)
    print("| layers | MMAC | int8 ms | of cnn's time |\n|---|---|---|---|")
    for name, model in models.items():
        share = ratio(taken[name], taken["cnn"])
        print(
            f"| {name} | {macs(model) / 1e6:.0f} | {taken[name].median:.2f} "
            f"| {share.value:.2f} [{share.low:.2f}, {share.high:.2f}] |"
        )


if __name__ == "__main__":
    main()
