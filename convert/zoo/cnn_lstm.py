"""The CNN-LSTM of "CNN against CNN-LSTM" (Vitkovskyi, Potapova, Martynova), Table 2.

The paper gives the parameter count and no layers. These reach the count exactly; the
candidates and why this one was taken: docs/decisions/0002-cnn-lstm-layers.md.
"""

from __future__ import annotations

import keras
from keras import layers

from convert.datasets.fer2013 import LABELS
from convert.zoo import Architecture
from convert.zoo.blocks import conv_block, dense_block

# In tens of epochs more of it only slows learning.
CONV_DROPOUT = 0.1
DROPOUT = 0.25


def build() -> keras.Model:
    """Six convolutions; the rows of the last map are the time steps: (48, 48, 1) → (7,).

    The recurrent layers are unrolled: only so do they convert to full int8.
    """
    image = keras.Input((48, 48, 1), name="image")
    x = conv_block(image, 32, 5)
    x = conv_block(x, 64, 3)
    x = conv_block(x, 128, 3, pool=False)
    x = conv_block(x, 128, 3, dropout=CONV_DROPOUT)
    x = conv_block(x, 192, 3, pool=False)
    x = conv_block(x, 192, 3, dropout=CONV_DROPOUT)
    x = layers.Reshape((3, 3 * 192))(x)
    x = layers.Bidirectional(layers.LSTM(256, return_sequences=True, unroll=True))(x)
    x = layers.Bidirectional(layers.LSTM(96, return_sequences=True, unroll=True))(x)
    x = layers.Flatten()(x)
    x = layers.Dropout(DROPOUT)(x)
    x = dense_block(x, 256, dropout=DROPOUT)
    scores = layers.Dense(len(LABELS), activation="softmax", dtype="float32", name="scores")(x)
    return keras.Model(image, scores, name="cnn_lstm")


CNN_LSTM = Architecture(
    name="cnn_lstm",
    source="Vitkovskyi, Potapova, Martynova: CNN against CNN-LSTM, Table 2 (3 121 287 parameters)",
    modality="face",
    labels=LABELS,
    input_shape=(48, 48, 1),
    parameters=3_121_287,
    macs=70_878_976,
    seed=7,
    build=build,
)
