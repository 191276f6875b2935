"""Net C of the architecture study (Vinnytsia), after Gudi, and the same without its point.

The point is an additional, intermediate convolution with a pooling of its own: the map that the
fully connected layer reads shrinks to a quarter, and with it nearly all of the parameters. The
study gives no sizes; these are its lineage's: 5x5 and 4x4 kernels, 64, 64 and 128 maps.
"""

from __future__ import annotations

import keras
from keras import layers

from convert.datasets.fer2013 import LABELS
from convert.zoo import Architecture

DROPOUT = 0.5
UNITS = 256


def build(*, intermediate: bool = True) -> keras.Model:
    """(48, 48, 1) → (7,); `intermediate` is the additional convolution and its pooling."""
    image = keras.Input((48, 48, 1), name="image")
    x = layers.Conv2D(64, 5, padding="same", activation="relu")(image)
    x = layers.MaxPooling2D(2)(x)
    if intermediate:
        x = layers.Conv2D(64, 5, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2D(128, 4, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Flatten()(x)
    x = layers.Dropout(DROPOUT)(x)
    x = layers.Dense(UNITS, activation="relu")(x)
    x = layers.Dropout(DROPOUT)(x)
    scores = layers.Dense(len(LABELS), activation="softmax", dtype="float32", name="scores")(x)
    return keras.Model(image, scores, name="net_c" if intermediate else "net_c_direct")


def build_direct() -> keras.Model:
    """Net C without the intermediate convolution: (48, 48, 1) → (7,)."""
    return build(intermediate=False)


NET_C = Architecture(
    name="net_c",
    source='"Choice of a CNN architecture" (Vinnytsia), net C, after Gudi',
    modality="face",
    labels=LABELS,
    input_shape=(48, 48, 1),
    parameters=1_417_031,
    macs=82_724_608,
    seed=7,
    build=build,
)

NET_C_DIRECT = Architecture(
    name="net_c_direct",
    source='"Choice of a CNN architecture" (Vinnytsia), net C without its intermediate layer',
    modality="face",
    labels=LABELS,
    input_shape=(48, 48, 1),
    parameters=4_853_511,
    macs=83_904_256,
    seed=7,
    build=build_direct,
)
