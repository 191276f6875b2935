"""Where a picture has changed: what nobody touched need not be searched again."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.types import Face
from edge.vision.resize import downscale

Gray = NDArray[np.uint8]
Cells = NDArray[np.uint8]
"""uint8 (60, 80): a picture in cells, 1 where it is to be searched"""

CELLS = (80, 60)
"""Across and down. The usual sizes of pictures are multiples of it, which makes it cheap."""


def whole() -> Cells:
    return np.ones(CELLS[::-1], np.uint8)


class MotionDetector:
    """What has changed since it was last searched, cell by cell.

    A cell has changed where its mean differs by more than noise: by 6 of 255 and by four more
    than thrice the median of all cells, so that a sensor's noise or a lamp that flickers over the
    whole picture passes for nothing. Cells of known faces do not count.
    """

    def __init__(self, *, margin_px: int) -> None:
        """margin_px: of picture kept around what changed"""
        self._margin_px = margin_px
        self._remembered: Gray | None = None
        self._latest: Gray | None = None

    def remember(self, searched: Cells) -> None:
        """These cells of the picture last given have been searched. The others are compared
        with what they were before, so that a slow change adds up."""
        if self._remembered is None or self._latest is None:
            self._remembered = self._latest
        else:
            self._remembered = np.where(searched, self._latest, self._remembered)

    def since_last(self, gray: Gray, known: Sequence[Face]) -> Cells | None:
        """The rectangles around what has changed in uint8 (H, W), or None where nothing has."""
        height, width = gray.shape
        self._latest = downscale(gray, *CELLS)
        if self._remembered is None:
            return whole()
        difference = cv2.absdiff(self._latest, self._remembered)
        threshold = max(_LEAST_CHANGE, 3 * float(np.median(np.asarray(difference, np.uint8))) + 4)
        changed = (difference > threshold).astype(np.uint8)
        for face in known:
            changed[cells_of(face, width, height)] = 0
        if np.count_nonzero(changed) < _LEAST_CELLS:
            return None
        return _rectangles(cv2.dilate(changed, self._margin(width, height)).astype(np.uint8))

    def _margin(self, width: int, height: int) -> Cells:
        across = ceil(self._margin_px * CELLS[0] / width)
        down = ceil(self._margin_px * CELLS[1] / height)
        return np.ones((2 * down + 1, 2 * across + 1), np.uint8)


def cells_of(face: Face, width: int, height: int) -> tuple[slice, slice]:
    """The rows and columns that a box touches in a picture of this size; it may lie outside."""
    across, down = CELLS
    return (
        _stretch(face.y, face.height, down / height),
        _stretch(face.x, face.width, across / width),
    )


def frame_of(cells: Cells, width: int, height: int) -> tuple[int, int, int, int]:
    """left, top, right, bottom in pixels of the rectangle around the cells that are set; right
    and bottom lie outside of it, and are 0 where no cell is set."""
    across, down = CELLS
    x, y, cells_across, cells_down = cv2.boundingRect(cells)
    right, bottom = x + cells_across, y + cells_down
    return (
        x * width // across,
        y * height // down,
        ceil(right * width / across),
        ceil(bottom * height / down),
    )


def _stretch(start_px: int, length_px: int, per_px: float) -> slice:
    return slice(int(max(0, start_px) * per_px), ceil(max(0, start_px + length_px) * per_px))


def _rectangles(cells: Cells) -> Cells:
    """Every connected part, filled up to the rectangle around it: an even cheek that moves
    changes at its edges alone."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(cells)
    for x, y, across, down, _ in stats[1:count]:
        cells[y : y + down, x : x + across] = 1
    return cells


_LEAST_CHANGE = 6
_LEAST_CELLS = 4
