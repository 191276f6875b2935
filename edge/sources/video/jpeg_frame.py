"""A frame of a camera that delivers JPEG."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.errors import SourceError
from edge.pixel_formats import jpeg_to_gray
from edge.sources.video.image_size import MAX_MEGAPIXELS, too_large
from edge.types import Frame

_HEADER_BYTES = 1 << 17
"""A size stands behind what an EXIF block may hold, 64 KiB."""


def of_jpeg(
    data: NDArray[np.uint8], timestamp_s: float, index: int, megapixels: float = MAX_MEGAPIXELS
) -> Frame:
    """Its luma decoded, its colours when somebody looks.

    data: uint8 (n,)
    Raises SourceError for a picture that does not decode, or that claims more than `megapixels`.
    """
    if reason := too_large(data[:_HEADER_BYTES].tobytes(), megapixels):
        raise SourceError(f"it delivered a picture that is too large: {reason}")
    luma = jpeg_to_gray(data)
    if luma is None:
        raise SourceError(f"it delivered {data.size} bytes that are no JPEG")
    return Frame(luma, timestamp_s, index, "GRAY", jpeg=data)
