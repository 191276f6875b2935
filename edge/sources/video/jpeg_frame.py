"""A frame of a camera that delivers JPEG."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.errors import SourceError
from edge.pixel_formats import jpeg_to_gray
from edge.types import Frame


def of_jpeg(data: NDArray[np.uint8], timestamp_s: float, index: int) -> Frame:
    """Its luma decoded, its colours when somebody looks.

    data: uint8 (n,)
    Raises SourceError for a picture that does not decode.
    """
    luma = jpeg_to_gray(data)
    if luma is None:
        raise SourceError(f"it delivered {data.size} bytes that are no JPEG")
    return Frame(luma, timestamp_s, index, "GRAY", jpeg=data)
