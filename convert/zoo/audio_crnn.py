"""A small convolutional-recurrent network on log-mel windows of speech.

Convolutions read the picture of sound, a bidirectional GRU the course of it, and the maximum
over time takes each unit's strongest moment, wherever in the window it was.
"""

from __future__ import annotations

import keras
from keras import KerasTensor, layers

from convert.datasets.ravdess import LABELS
from convert.zoo import Architecture
from edge.audio.feature_settings import FeatureSettings

FILTERS = (16, 32, 64, 96)
GRU_UNITS = 64
CONV_DROPOUT = 0.1
DROPOUT = 0.3
# An epoch has few steps: a slower mean would lag behind the weights by epochs.
MOMENTUM = 0.95
# What the four blocks together leave of a window's frames: 304 become 19 steps.
TIME_POOLING = 16
FEATURES = FeatureSettings()


def build(features: FeatureSettings = FEATURES) -> keras.Model:
    """(window_frames, columns, 1) → (8,); energy and f0, where there are, join before the GRU.

    The recurrent layer is unrolled: only so does it convert to full int8.
    """
    image = keras.Input((features.window_frames, features.columns, 1), name="image")
    extra = features.columns - features.spectrum_columns
    x = layers.Cropping2D(((0, 0), (0, extra)))(image) if extra else image
    x = layers.Conv2D(FILTERS[0], 5, strides=2, padding="same", use_bias=False)(x)
    x = _normalised(x)
    x = layers.MaxPooling2D(2)(x)
    for filters, pool in zip(FILTERS[1:], ((2, 2), (2, 2), (1, 2)), strict=True):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = _normalised(x)
        x = layers.MaxPooling2D(pool)(x)
        x = layers.SpatialDropout2D(CONV_DROPOUT)(x)
    x = layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]))(x)
    if extra:
        x = layers.Concatenate()([x, _sequence(image, features)])
    x = layers.Dropout(DROPOUT)(x)
    x = layers.Bidirectional(layers.GRU(GRU_UNITS, return_sequences=True, unroll=True))(x)
    x = layers.GlobalMaxPooling1D()(x)
    x = layers.Dropout(DROPOUT)(x)
    scores = layers.Dense(len(LABELS), activation="softmax", dtype="float32", name="scores")(x)
    return keras.Model(image, scores, name="audio_crnn")


def _normalised(x: KerasTensor) -> KerasTensor:
    return layers.ReLU()(layers.BatchNormalization(momentum=MOMENTUM)(x))


def _sequence(image: KerasTensor, features: FeatureSettings) -> KerasTensor:
    """The columns beside the spectrum, averaged over the frames of each step."""
    x = layers.Cropping2D(((0, 0), (features.spectrum_columns, 0)))(image)
    x = layers.AveragePooling2D((TIME_POOLING, 1))(x)
    return layers.Reshape((x.shape[1], x.shape[2]))(x)


AUDIO_CRNN = Architecture(
    name="audio_crnn",
    source="this project's own, after the papers' CRNN on log-mel spectra",
    modality="speech",
    labels=LABELS,
    input_shape=(FEATURES.window_frames, FEATURES.columns, 1),
    parameters=179_672,
    macs=19_223_552,
    seed=7,
    build=build,
)
