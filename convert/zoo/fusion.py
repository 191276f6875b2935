"""The combiner of face and voice, after the slides' (Kyiv): a small network on both's scores."""

from __future__ import annotations

import keras
from keras import layers

from convert.datasets import fer2013, ravdess
from convert.zoo import Architecture
from edge.models.labels import SHARED, FusionInputs

SENSES = FusionInputs(face_labels=fer2013.LABELS, speech_labels=ravdess.LABELS)
UNITS = 24


def build() -> keras.Model:
    """(17, 1) → (7,)"""
    return combiner(SENSES, "fusion")


def combiner(inputs: FusionInputs, name: str) -> keras.Model:
    """(columns, 1) → (7,): what `FusionInputs.row` makes of both senses' scores."""
    row = keras.Input((inputs.columns, 1), name="image")
    x = layers.Flatten()(row)
    x = layers.Dense(UNITS, activation="relu")(x)
    scores = layers.Dense(len(SHARED), activation="softmax", dtype="float32", name="scores")(x)
    return keras.Model(row, scores, name=name)


FUSION = Architecture(
    name="fusion",
    source="this project's own, after the combiner of \"Networks for emotions in video and audio "
    'streams" (Kyiv, slides)',
    modality="fusion",
    labels=SHARED,
    input_shape=(SENSES.columns, 1),
    parameters=607,
    macs=576,
    seed=7,
    build=build,
)
