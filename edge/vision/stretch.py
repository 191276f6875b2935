"""The one step of light that training and the device share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TAIL = 0.01
"""The share of the pixels below the low and above the high end of a patch's range."""
LEAST_RANGE = 100
"""A patch that spans fewer gray levels than this is stretched."""


def stretch(patches: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Patches in little light, or of little contrast, spread over the whole scale.

    patches: uint8 (..., height, width). Where the 1st to the 99th percentile of one span fewer
    than `LEAST_RANGE` levels they become 0 and 255; the others come back as they are, and the
    very same array where there is nothing to do. A flat patch stays flat.
    """
    pixels = patches.shape[-2] * patches.shape[-1]
    below = int(TAIL * pixels)
    ordered = np.partition(
        patches.reshape(*patches.shape[:-2], pixels), (below, pixels - 1 - below), axis=-1
    )
    low, high = ordered[..., below].astype(np.float32), ordered[..., -1 - below].astype(np.float32)
    span = high - low
    narrow = (span < LEAST_RANGE) & (span > 0)
    if not narrow.any():
        return patches
    gain = np.where(narrow, 255 / np.maximum(span, 1), 1).astype(np.float32)[..., None, None]
    offset = np.where(narrow, low, 0).astype(np.float32)[..., None, None]
    spread = np.rint((patches - offset) * gain).clip(0, 255)
    stretched: NDArray[np.uint8] = spread.astype(np.uint8)
    return stretched
