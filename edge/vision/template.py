"""What a face looked like when it was last searched for, and where that is now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.types import Face
from edge.vision.resize import downscale

Gray = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class TemplateMatcher:
    """A face's patch at `_SIDE_PX`, for normalised cross-correlation (Lewis 1995).

    It costs a thirtieth of a detector's search and follows anything: whoever uses it must ask
    the detector again soon.
    """

    face: Face
    patch: Gray

    @classmethod
    def of(cls, gray: Gray, face: Face) -> Self:
        """gray: uint8 (H, W), holding the face's box"""
        box = gray[face.y : face.y + face.height, face.x : face.x + face.width]
        return cls(face, downscale(box, _SIDE_PX, _SIDE_PX))

    def find(self, gray: Gray, near: Face) -> Face | None:
        """The box, at its old size, where it looks most alike around `near`; None for nowhere."""
        height, width = gray.shape
        room = _ROOM * max(self.face.width, self.face.height)
        left, top = max(0, round(near.x - room)), max(0, round(near.y - room))
        right = min(width, round(near.x + self.face.width + room))
        bottom = min(height, round(near.y + self.face.height + room))
        if right - left < self.face.width or bottom - top < self.face.height:
            return None
        across = round((right - left) * _SIDE_PX / self.face.width)
        down = round((bottom - top) * _SIDE_PX / self.face.height)
        area = downscale(gray[top:bottom, left:right], across, down)
        if np.ptp(self.patch) < _LEAST_CONTRAST:
            return None
        _, alike, _, (x, y) = cv2.minMaxLoc(
            cv2.matchTemplate(area, self.patch, cv2.TM_CCOEFF_NORMED)
        )
        if alike < _ALIKE:
            return None
        return replace(
            near,
            x=min(width - self.face.width, left + round(x * self.face.width / _SIDE_PX)),
            y=min(height - self.face.height, top + round(y * self.face.height / _SIDE_PX)),
            width=self.face.width,
            height=self.face.height,
        )


_SIDE_PX = 32
_ROOM = 0.25
_ALIKE = 0.75
_LEAST_CONTRAST = 8
"""Of 255: an even patch is alike everywhere."""
