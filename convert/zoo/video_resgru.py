"""The slides' video network: residual convolutions on each face, a GRU over their course.

The slides give no sizes. These are such that a course of eight faces costs about half of what
one face costs in `cnn`.
"""

from __future__ import annotations

import keras
from keras import KerasTensor, layers, ops

from convert.datasets.ravdess import LABELS
from convert.zoo import Architecture
from edge.vision.sequence_settings import SequenceSettings

SEQUENCE = SequenceSettings(frames=8, step_s=0.3, equalise=True, smooth=True)
SIDE = 48
FILTERS = (24, 48, 96, 160)
GRU_UNITS = 96
CONV_DROPOUT = 0.1
DROPOUT = 0.3


def build(frames: int = SEQUENCE.frames) -> keras.Model:
    """(frames, 48, 48, 1) → (8,): each picture through the same residual blocks, then the GRU.

    The pictures are folded into the batch for the convolutions: so they convert to plain
    CONV_2D, where TimeDistributed leaves a loop. The GRU is unrolled for the same reason.
    """
    sequence = keras.Input((frames, SIDE, SIDE, 1), name="image")
    x = ops.reshape(sequence, (-1, SIDE, SIDE, 1))
    x = layers.Conv2D(FILTERS[0], 5, strides=2, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = _residual(x, FILTERS[0], 1)
    for filters in FILTERS[1:]:
        x = _residual(x, filters, 2)
    x = layers.GlobalAveragePooling2D()(x)
    x = ops.reshape(x, (-1, frames, FILTERS[-1]))
    x = layers.Dropout(DROPOUT)(x)
    x = layers.GRU(GRU_UNITS, return_sequences=True, unroll=True)(x)
    x = layers.GlobalAveragePooling1D()(x)
    x = layers.Dropout(DROPOUT)(x)
    scores = layers.Dense(len(LABELS), activation="softmax", dtype="float32", name="scores")(x)
    return keras.Model(sequence, scores, name="video_resgru")


def _residual(x: KerasTensor, filters: int, strides: int) -> KerasTensor:
    """Two convolutions and a way around them (He et al. 2015), then dropout of whole maps."""
    around = x
    if strides != 1 or x.shape[-1] != filters:
        around = layers.Conv2D(filters, 1, strides=strides, use_bias=False)(x)
        around = layers.BatchNormalization()(around)
    x = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(layers.Add()([x, around]))
    return layers.SpatialDropout2D(CONV_DROPOUT)(x)


VIDEO_RESGRU = Architecture(
    name="video_resgru",
    source='after "Networks for emotions in video and audio streams" (Kyiv, slides): residual '
    "convolutional blocks and a GRU; sizes are this project's own",
    modality="video",
    labels=LABELS,
    input_shape=(SEQUENCE.frames, SIDE, SIDE, 1),
    parameters=635_264,
    macs=153_096_960,
    seed=7,
    build=build,
)
