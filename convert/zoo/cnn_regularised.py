"""Model 2 of "Faces by deep networks" (Nizhny Novgorod): deeper, and kept from over-fitting.

Eight convolutions, four poolings, four fully connected layers (the last one the scores),
BatchNorm and Dropout. The paper gives no sizes.
"""

from __future__ import annotations

import keras
from keras import layers

from convert.datasets.fer2013 import LABELS
from convert.zoo import Architecture
from convert.zoo.blocks import conv_block, dense_block

CONV_DROPOUT = 0.15
DROPOUT = 0.4


def build() -> keras.Model:
    """(48, 48, 1) → (7,)"""
    image = keras.Input((48, 48, 1), name="image")
    x = image
    for filters in (64, 128, 192, 256):
        x = conv_block(x, filters, 3, pool=False)
        x = conv_block(x, filters, 3, dropout=CONV_DROPOUT)
    x = layers.Flatten()(x)
    for units in (512, 256, 128):
        x = dense_block(x, units, dropout=DROPOUT)
    scores = layers.Dense(len(LABELS), activation="softmax", dtype="float32", name="scores")(x)
    return keras.Model(image, scores, name="cnn_regularised")


CNN_REGULARISED = Architecture(
    name="cnn_regularised",
    source='"Faces by deep networks" (Nizhny Novgorod), model 2',
    modality="face",
    labels=LABELS,
    input_shape=(48, 48, 1),
    parameters=3_199_047,
    macs=331_793_280,
    seed=7,
    build=build,
)
