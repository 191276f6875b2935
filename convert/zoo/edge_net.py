"""This project's own network for small boards: depthwise-separable, of 12 million products.

A depthwise 3x3 reads each map by itself and a 1x1 mixes them (Howard et al. 2017); where the
shape stays, what came in is added (He et al. 2016). Distilled from the best of the others.
"""

from __future__ import annotations

import keras
from keras import KerasTensor, layers

from convert.datasets.fer2013 import LABELS
from convert.zoo import Architecture

STEM = 16
# Maps and stride of each block: 48x48 → 24x24 → 12x12 → 6x6.
BLOCKS = (
    (24, 2),
    (48, 1),
    (48, 1),
    (96, 2),
    (96, 1),
    (96, 1),
    (96, 1),
    (160, 2),
    (160, 1),
    (160, 1),
    (176, 1),
)
DROPOUT = 0.2


def build(n_labels: int = len(LABELS)) -> keras.Model:
    """(48, 48, 1) → (n_labels,)"""
    image = keras.Input((48, 48, 1), name="image")
    x = layers.Conv2D(STEM, 3, padding="same", use_bias=False)(image)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    for filters, stride in BLOCKS:
        x = separable_block(x, filters, stride)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(DROPOUT)(x)
    scores = layers.Dense(n_labels, activation="softmax", dtype="float32", name="scores")(x)
    return keras.Model(image, scores, name="edge_net")


def separable_block(x: KerasTensor, filters: int, stride: int) -> KerasTensor:
    """Depthwise 3x3 and 1x1, each with BatchNorm and ReLU; added to `x` where shapes agree."""
    y = layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False)(x)
    y = layers.ReLU()(layers.BatchNormalization()(y))
    y = layers.Conv2D(filters, 1, use_bias=False)(y)
    y = layers.BatchNormalization()(y)
    if stride == 1 and x.shape[-1] == filters:
        y = layers.Add()([x, y])
    return layers.ReLU()(y)


EDGE_NET = Architecture(
    name="edge_net",
    source="this project's own: depthwise-separable, distilled, trained in noise",
    modality="face",
    labels=LABELS,
    input_shape=(48, 48, 1),
    parameters=149_903,
    macs=11_677_904,
    seed=7,
    build=build,
)
