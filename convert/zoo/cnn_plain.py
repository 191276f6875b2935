"""Model 1 of "Faces by deep networks" (Nizhny Novgorod): nothing keeps it from over-fitting.

Two convolutions, two poolings, four fully connected layers, the last one the scores. The paper
gives no sizes.
"""

from __future__ import annotations

import keras
from keras import layers

from convert.datasets.fer2013 import LABELS
from convert.zoo import Architecture


def build() -> keras.Model:
    """(48, 48, 1) → (7,)"""
    image = keras.Input((48, 48, 1), name="image")
    x = image
    for filters in (32, 64):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Flatten()(x)
    for units in (256, 128, 64):
        x = layers.Dense(units, activation="relu")(x)
    scores = layers.Dense(len(LABELS), activation="softmax", dtype="float32", name="scores")(x)
    return keras.Model(image, scores, name="cnn_plain")


CNN_PLAIN = Architecture(
    name="cnn_plain",
    source='"Faces by deep networks" (Nizhny Novgorod), model 1',
    modality="face",
    labels=LABELS,
    input_shape=(48, 48, 1),
    parameters=2_419_975,
    macs=13_681_088,
    seed=7,
    build=build,
)
