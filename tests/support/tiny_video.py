"""A network for courses of faces, small enough to train in seconds, of the zoo's kinds of layer."""

from __future__ import annotations

from convert.datasets.ravdess import LABELS
from convert.zoo import Architecture
from edge.vision.sequence_settings import SequenceSettings

SEQUENCE = SequenceSettings(frames=4, step_s=0.25, equalise=True, smooth=True)


def build(frames: int = SEQUENCE.frames):  # type: ignore[no-untyped-def]  # keras is untyped
    """(frames, 48, 48, 1) → (8,): a residual convolution on each picture, then a GRU."""
    import keras
    from keras import layers, ops

    sequence = keras.Input((frames, 48, 48, 1), name="image")
    x = ops.reshape(sequence, (-1, 48, 48, 1))
    x = layers.MaxPooling2D(4)(x)
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
    y = layers.BatchNormalization()(layers.Conv2D(8, 3, padding="same")(x))
    x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.AveragePooling2D(4)(x)
    x = ops.reshape(x, (-1, frames, 3 * 3 * 8))
    x = layers.GRU(16, return_sequences=True, unroll=True)(x)
    x = layers.GlobalAveragePooling1D()(x)
    scores = layers.Dense(len(LABELS), activation="softmax", dtype="float32", name="scores")(x)
    return keras.Model(sequence, scores, name="tiny_video")


TINY_VIDEO = Architecture(
    name="tiny_video",
    source="made up for the tests",
    modality="video",
    labels=LABELS,
    input_shape=(SEQUENCE.frames, 48, 48, 1),
    parameters=5_152,
    macs=390_272,
    seed=7,
    build=build,
)
