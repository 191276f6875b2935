"""Where in a frame to look for faces: around the known ones, and now and then for new ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil
from time import perf_counter
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.settings import DetectionSettings
from edge.types import Face, iou
from edge.vision.detect import FaceDetector, without_nested

Gray = NDArray[np.uint8]
Area = tuple[int, int, int, int]
"""left, top, right, bottom in pixels; right and bottom lie outside"""


class FaceSearch(Protocol):
    def find(self, gray: Gray, timestamp_s: float, expected: Sequence[Face]) -> list[Face]:
        """The faces of a frame, each with track_id 0.

        gray:        uint8 (H, W)
        timestamp_s: the frame's
        expected:    where the faces that are followed should be by now
        """
        ...


class FullSearch:
    """The whole picture, every time: for pictures that have nothing to do with each other."""

    def __init__(self, detector: FaceDetector) -> None:
        self._detector = detector

    def find(self, gray: Gray, timestamp_s: float, expected: Sequence[Face]) -> list[Face]:
        return self._detector.find(gray)


@dataclass(slots=True)
class SearchCounts:
    """How often a `TrackedSearch` did what, so far.

    near: around known faces; again: of them a second time, more widely; wide: for new faces;
    wide_share: those searches' areas, added up, in pictures
    """

    near: int = 0
    again: int = 0
    wide: int = 0
    wide_share: float = 0.0


class TrackedSearch:
    """Looks for known faces where they should be, in every frame, and for new ones now and then.

    A known face is looked for in its own surroundings, at about its own size: that costs a few
    hundredths of a search of the whole picture.

    New faces are looked for every `full_search_interval_s`, or after half of it when a known face
    has just been lost, and only where the picture has changed since the last time. Whether or
    not anything changed, the whole picture is searched every `still_interval_s`.

    What the search spends beyond its budget, a share of the time, is a debt that time pays off;
    while there is one, new faces wait, for up to `still_interval_s`. So a slow or hot board
    looks for them less often and goes on following the known ones.
    """

    def __init__(
        self,
        detector: FaceDetector,
        settings: DetectionSettings,
        *,
        budget: float | None = None,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        """budget: the share of the frames' time that the search may take; None for any.
        clock: seconds, to measure what the search takes; all else goes by the timestamps."""
        self.counts = SearchCounts()
        self._detector = detector
        self._interval_s = settings.full_search_interval_s
        self._still_interval_s = max(settings.full_search_interval_s, settings.still_interval_s)
        self._changes = Changes(margin_px=settings.min_face_px) if settings.motion_gate else None
        self._budget = budget
        self._clock = clock
        self._debt_s = 0.0
        self._frame_s: float | None = None
        self._looked_s = self._wholly_s = 0.0
        self._lost = 0

    def find(self, gray: Gray, timestamp_s: float, expected: Sequence[Face]) -> list[Face]:
        started = self._clock()
        self._advance(timestamp_s)
        near = [found for face in expected if (found := self._around(gray, face))]
        lost = len(expected) - len(near)
        just_lost, self._lost = lost > self._lost, lost
        area = self._area_due(gray, timestamp_s, expected, just_lost)
        new = self._within(gray, area) if area else []
        if self._budget is not None:
            self._debt_s += self._clock() - started
        return without_nested(near + new)

    def _advance(self, timestamp_s: float) -> None:
        """Pay off the debt. At the start, and where the clock jumped back, all is due at once."""
        if self._frame_s is None or timestamp_s < self._frame_s:
            self._looked_s = self._wholly_s = -float("inf")
            self._debt_s = 0.0
        else:
            paid_s = (timestamp_s - self._frame_s) * (self._budget or 1)
            self._debt_s = max(0.0, self._debt_s - paid_s)
        self._frame_s = timestamp_s

    def _around(self, gray: Gray, face: Face) -> Face | None:
        """The known face nearest to where it should be, or None where it is not there."""
        height, width = gray.shape
        side = max(face.width, face.height)
        room = _ROOM * side
        left, top = max(0, round(face.x - room)), max(0, round(face.y - room))
        right = min(width, round(face.x + face.width + room))
        bottom = min(height, round(face.y + face.height + room))
        if right <= left or bottom <= top:
            return None
        self.counts.near += 1
        for least, most in _SIZES:
            area = left, top, right, bottom
            found = self._within(gray, area, (least * side, most * side))
            if found:
                return max(found, key=lambda other: iou(other, face))
            self.counts.again += (least, most) == _SIZES[0]
        return None

    def _area_due(
        self, gray: Gray, timestamp_s: float, expected: Sequence[Face], just_lost: bool
    ) -> Area | None:
        """Where new faces are to be looked for in this frame."""
        since_s = timestamp_s - self._looked_s
        waits = self._debt_s > 0 and since_s < self._still_interval_s
        # A frame's timestamp is no exact multiple of its period.
        if since_s < self._interval_s * (0.5 if just_lost else 1.0) - _JITTER_S or waits:
            return None
        height, width = gray.shape
        area: Area | None = (0, 0, width, height)
        changed = self._changes.since_last(gray, expected) if self._changes else area
        if timestamp_s - self._wholly_s >= self._still_interval_s - _JITTER_S:
            self._wholly_s = timestamp_s
        else:
            area = changed
        if area:
            self._looked_s = timestamp_s
            if self._changes:
                self._changes.remember()
            self.counts.wide += 1
            self.counts.wide_share += (area[2] - area[0]) * (area[3] - area[1]) / (width * height)
        return area

    def _within(
        self, gray: Gray, area: Area, sizes_px: tuple[float, float] | None = None
    ) -> list[Face]:
        left, top, right, bottom = area
        found = self._detector.find(gray[top:bottom, left:right], sizes_px)
        return [replace(face, x=face.x + left, y=face.y + top) for face in found]


class Changes:
    """What has changed since a picture that was remembered, seen on 80x60 cells.

    A cell has changed where its mean differs by more than noise: by 6 of 255 and by four more
    than thrice the median of all cells, so that a sensor's noise or a lamp that flickers over the
    whole picture passes for nothing. Cells of known faces do not count.
    """

    def __init__(self, *, margin_px: int) -> None:
        """margin_px: of picture kept around what changed"""
        self._margin_px = margin_px
        self._remembered: Gray | None = None
        self._latest: Gray | None = None

    def remember(self) -> None:
        """Compare with the picture last given, from now on."""
        self._remembered = self._latest

    def since_last(self, gray: Gray, known: Sequence[Face]) -> Area | None:
        """The rectangle around all that has changed in uint8 (H, W), or None."""
        height, width = gray.shape
        across, down = _CELLS
        self._latest = cv2.resize(gray, _CELLS, interpolation=cv2.INTER_AREA).astype(
            np.uint8, copy=False
        )
        if self._remembered is None:
            return 0, 0, width, height
        difference = cv2.absdiff(self._latest, self._remembered)
        threshold = max(_LEAST_CHANGE, 3 * float(np.median(difference)) + 4)
        changed = (difference > threshold).astype(np.uint8)
        for face in known:
            rows = _cells(face.y, face.height, down / height)
            changed[rows, _cells(face.x, face.width, across / width)] = 0
        if np.count_nonzero(changed) < _LEAST_CELLS:
            return None
        x, y, cells_across, cells_down = cv2.boundingRect(changed)
        margin = self._margin_px
        return (
            max(0, x * width // across - margin),
            max(0, y * height // down - margin),
            min(width, -(-(x + cells_across) * width // across) + margin),
            min(height, -(-(y + cells_down) * height // down) + margin),
        )


def _cells(start_px: int, length_px: int, per_px: float) -> slice:
    """The cells that a stretch touches; `start_px` may lie before the picture."""
    return slice(int(max(0, start_px) * per_px), ceil(max(0, start_px + length_px) * per_px))


_SIZES = ((0.8, 1.25), (0.55, 1.25))
"""Shares of a known face's side between which it is looked for; the second time, where the first
finds nothing, the smaller least size makes the search finer at all sizes."""

_ROOM = 0.25
"""Shares of its side that are searched around a known face."""

_CELLS = (80, 60)
_LEAST_CHANGE = 6
_LEAST_CELLS = 4
_JITTER_S = 0.002
