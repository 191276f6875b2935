"""The CNN of "CNN against CNN-LSTM" (Vitkovskyi, Potapova, Martynova), Table 2."""

from __future__ import annotations

import keras
from keras import layers

from convert.datasets.fer2013 import LABELS
from convert.zoo import Architecture
from convert.zoo.blocks import conv_block, dense_block

# After twenty epochs with half of it the network knew its training faces too well.
CONV_DROPOUT = 0.2
DROPOUT = 0.4


def build() -> keras.Model:
    """Four convolutions, each halved by pooling, then two dense layers: (48, 48, 1) → (7,)."""
    image = keras.Input((48, 48, 1), name="image")
    x = conv_block(image, 64, 3, dropout=CONV_DROPOUT)
    x = conv_block(x, 128, 5, dropout=CONV_DROPOUT)
    x = conv_block(x, 512, 3, dropout=CONV_DROPOUT)
    x = conv_block(x, 512, 3, dropout=CONV_DROPOUT)
    x = layers.Flatten()(x)
    x = dense_block(x, 256, dropout=DROPOUT)
    x = dense_block(x, 512, dropout=DROPOUT)
    scores = layers.Dense(len(LABELS), activation="softmax", dtype="float32", name="scores")(x)
    return keras.Model(image, scores, name="cnn")


CNN = Architecture(
    name="cnn",
    source="Vitkovskyi, Potapova, Martynova: CNN against CNN-LSTM, Table 2 (4 478 727 parameters)",
    modality="face",
    labels=LABELS,
    input_shape=(48, 48, 1),
    parameters=4_478_727,
    macs=290_475_520,
    seed=7,
    build=build,
)
