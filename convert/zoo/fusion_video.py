"""The slides' combiner with a network for video in place of one for single faces."""

from __future__ import annotations

import keras

from convert.datasets import ravdess
from convert.zoo import Architecture
from convert.zoo.fusion import combiner
from edge.models.labels import SHARED, FusionInputs

SENSES = FusionInputs(face_labels=ravdess.LABELS, speech_labels=ravdess.LABELS)


def build() -> keras.Model:
    """(18, 1) → (7,)"""
    return combiner(SENSES, "fusion_video")


FUSION_VIDEO = Architecture(
    name="fusion_video",
    source='after the combiner of "Networks for emotions in video and audio streams" (Kyiv, '
    "slides)",
    modality="fusion",
    labels=SHARED,
    input_shape=(SENSES.columns, 1),
    parameters=631,
    macs=600,
    seed=7,
    build=build,
)
