"""Net A of the architecture study (Vinnytsia), after Krizhevsky and Hinton.

The study names its layers (three convolutions, two fully connected, dropout) and not their
sizes; these are its lineage's: 5x5 kernels, 64, 64 and 128 maps.
"""

from __future__ import annotations

import keras
from keras import layers

from convert.datasets.fer2013 import LABELS
from convert.zoo import Architecture

DROPOUT = 0.5
UNITS = 512


def build() -> keras.Model:
    """(48, 48, 1) → (7,)"""
    image = keras.Input((48, 48, 1), name="image")
    x = image
    for filters, kernel in ((64, 5), (64, 5), (128, 4)):
        x = layers.Conv2D(filters, kernel, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Flatten()(x)
    x = layers.Dropout(DROPOUT)(x)
    x = layers.Dense(UNITS, activation="relu")(x)
    x = layers.Dropout(DROPOUT)(x)
    scores = layers.Dense(len(LABELS), activation="softmax", dtype="float32", name="scores")(x)
    return keras.Model(image, scores, name="net_a")


NET_A = Architecture(
    name="net_a",
    source='"Choice of a CNN architecture" (Vinnytsia), net A, after Krizhevsky and Hinton',
    modality="face",
    labels=LABELS,
    input_shape=(48, 48, 1),
    parameters=2_598_727,
    macs=83_906_048,
    seed=7,
    build=build,
)
