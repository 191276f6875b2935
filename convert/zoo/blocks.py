"""The two blocks that the papers' networks are made of."""

from __future__ import annotations

from keras import KerasTensor, layers


def conv_block(
    x: KerasTensor, filters: int, kernel: int, *, pool: bool = True, dropout: float = 0.0
) -> KerasTensor:
    """Conv → BatchNorm → ReLU, then MaxPool 2 and Dropout of whole maps where asked for."""
    x = layers.Conv2D(filters, kernel, padding="same")(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    if pool:
        x = layers.MaxPooling2D(2)(x)
    return layers.SpatialDropout2D(dropout)(x) if dropout else x


def dense_block(x: KerasTensor, units: int, *, dropout: float = 0.0) -> KerasTensor:
    """Dense → BatchNorm → ReLU, then Dropout where asked for."""
    x = layers.Dense(units)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    return layers.Dropout(dropout)(x) if dropout else x
