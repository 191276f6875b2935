"""Net B of the architecture study (Vinnytsia): AlexNet cut down for small faces.

Three convolutions in place of five, fully connected layers of 1024 in place of 4096, and
AlexNet's local response normalisation (Krizhevsky, Sutskever, Hinton 2012, 3.3).
"""

from __future__ import annotations

import keras
from keras import KerasTensor, layers, ops

from convert.datasets.fer2013 import LABELS
from convert.zoo import Architecture

# AlexNet's k, n and α; its β of 3/4 is in the arithmetic of `local_response`.
BIAS, NEIGHBOURS, ALPHA = 2.0, 5, 1e-4
DROPOUT = 0.5
UNITS = 1024


def build() -> keras.Model:
    """(48, 48, 1) → (7,)"""
    image = keras.Input((48, 48, 1), name="image")
    x = layers.Conv2D(64, 7, strides=2, padding="same", activation="relu")(image)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(local_response(x))
    x = layers.Conv2D(128, 5, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(local_response(x))
    x = layers.Conv2D(256, 3, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    x = layers.Flatten()(x)
    for _ in range(2):
        x = layers.Dense(UNITS, activation="relu")(x)
        x = layers.Dropout(DROPOUT)(x)
    scores = layers.Dense(len(LABELS), activation="softmax", dtype="float32", name="scores")(x)
    return keras.Model(image, scores, name="net_b")


def local_response(x: KerasTensor) -> KerasTensor:
    """x / (k + α Σ x²)^(3/4), the sum over the 5 maps around each: (h, w, c) → (h, w, c).

    TFLite's own operator is float only, so this is made of ones with int8 kernels: the sum is
    an average over neighbouring maps, and with r = y^(-1/2) the power is r² · r^(-1/2).
    """
    _, height, width, maps = x.shape
    near = layers.Reshape((height * width, maps, 1))(x * x)
    near = layers.ZeroPadding2D((0, NEIGHBOURS // 2))(near)
    near = layers.AveragePooling2D((1, NEIGHBOURS), strides=1)(near)
    near = layers.Reshape((height, width, maps))(near)
    root = ops.rsqrt(layers.Rescaling(ALPHA * NEIGHBOURS, BIAS)(near))
    return x * (root * root * ops.rsqrt(root))


NET_B = Architecture(
    name="net_b",
    source='"Choice of a CNN architecture" (Vinnytsia), net B: AlexNet with three convolutions',
    modality="face",
    labels=LABELS,
    input_shape=(48, 48, 1),
    parameters=3_920_391,
    macs=45_329_408,
    seed=7,
    build=build,
)
