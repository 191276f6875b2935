"""A network and faces small enough to train in seconds, with every kind of layer of the zoo's."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convert.datasets.fer2013 import LABELS
from convert.zoo import Architecture

PARAMETERS, MACS = 7_367, 32_560


def build():  # type: ignore[no-untyped-def]  # keras is untyped
    """(48, 48, 1) → (7,): two convolutions, a two-way LSTM over the rows, two dense layers."""
    import keras
    from keras import layers

    from convert.zoo.blocks import conv_block, dense_block

    image = keras.Input((48, 48, 1), name="image")
    x = layers.MaxPooling2D(4)(image)
    x = conv_block(x, 4, 3)
    x = conv_block(x, 8, 3, dropout=0.05)
    x = layers.Reshape((3, 24))(x)
    x = layers.Bidirectional(layers.LSTM(16, return_sequences=True, unroll=True))(x)
    x = layers.Flatten()(x)
    x = dense_block(x, 16)
    scores = layers.Dense(len(LABELS), activation="softmax", dtype="float32", name="scores")(x)
    return keras.Model(image, scores, name="tiny")


TINY = Architecture(
    name="tiny",
    source="made up for the tests",
    modality="face",
    labels=LABELS,
    input_shape=(48, 48, 1),
    parameters=PARAMETERS,
    macs=MACS,
    seed=7,
    build=build,
)


def write_faces(path: Path, training: int = 448, test: int = 112) -> Path:
    """A .npz in FER2013's form whose classes differ in which thirds are bright, top to bottom."""
    rng = np.random.default_rng(1)
    n = training + 2 * test
    labels = (np.arange(n) % len(LABELS)).astype(np.uint8)
    images = rng.integers(0, 120, (n, 48, 48), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        for third in range(3):
            image[16 * third : 16 * third + 16] += 120 * (int(label) + 1 >> third & 1)
    usage = ["Training"] * training + ["PublicTest"] * test + ["PrivateTest"] * test
    np.savez(
        path, images=images, labels=labels, usage=np.array(usage), label_names=np.array(LABELS)
    )
    return path
