"""Where in a frame to look for faces: around the known ones, and now and then for new ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.settings.sections import DetectionSettings
from edge.types import Face, iou
from edge.vision.boxes import without_nested
from edge.vision.cascade import FaceDetector
from edge.vision.motion import Cells, MotionDetector, cells_of, frame_of, whole
from edge.vision.template import TemplateMatcher
from edge.vision.tilt import TILTS, find_around, find_tilted

Gray = NDArray[np.uint8]


class FaceSearch(Protocol):
    def find(self, gray: Gray, timestamp_s: float, expected: Sequence[Face]) -> list[Face]:
        """The faces of a frame, each with track_id 0.

        gray:        uint8 (H, W)
        timestamp_s: the frame's
        expected:    where the faces that are followed should be by now
        """
        ...


@dataclass(slots=True)
class SearchCounts:
    """How often a `TrackedSearch` did what, so far.

    near: around known faces; again: of them once more, for a head that has tilted or is upright
    again; followed: by their looks, without a search; wide: for new faces; wide_share: those
    searches' areas, added up, in pictures; tilted: for new faces of tilted heads
    """

    near: int = 0
    again: int = 0
    followed: int = 0
    wide: int = 0
    wide_share: float = 0.0
    tilted: int = 0


@dataclass(slots=True)
class _Known:
    """A confirmed face: what it looked like when it was found last, and when it was searched."""

    looks: TemplateMatcher
    found_s: float
    searched_s: float


class TrackedSearch:
    """Looks for known faces where they should be, and for new ones now and then.

    A known face is searched for every `verify_interval_s`, in its own surroundings, at about its
    own size: that costs a few hundredths of a search of the whole picture. In the frames in
    between, and where the detector misses it for up to `trust_s`, it is followed by its looks,
    which costs next to nothing. A face that the tracker has not confirmed yet is searched for in
    every frame, for that is what confirms it.

    New faces are looked for within `full_search_interval_s`, half of it when a known face has
    just been lost, and only where the picture has changed since it was searched last, known
    faces left out. Whether or not anything changed, all of the picture is searched every
    `still_interval_s`, and for tilted heads, turned by 30 degrees to either side in turn, every
    `tilt_interval_s`. A known face that is not found upright is looked for tilted, and the other
    way round.

    What the search spends beyond its budget is a debt that time pays off; while there is one, new
    faces wait, for up to `still_interval_s`. So a slow or hot board looks for them less often and
    goes on following the known ones.
    """

    def __init__(
        self,
        detector: FaceDetector,
        settings: DetectionSettings,
        *,
        live: bool = False,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        """live: keep to the settings' budget. clock: seconds, to measure what the search takes;
        all else goes by the timestamps."""
        self.counts = SearchCounts()
        self._detector = detector
        self._settings = settings
        self._still_interval_s = max(settings.full_search_interval_s, settings.still_interval_s)
        self._motion = (
            MotionDetector(margin_px=settings.min_face_px) if settings.motion_gate else None
        )
        self._live = live
        self._clock = clock
        self._debt_s = self._step_s = 0.0
        self._frame_s: float | None = None
        self._shape: tuple[int, ...] = ()
        self._looked_s = self._wholly_s = self._tilted_s = 0.0
        self._tilt = 0
        self._known: dict[int, _Known] = {}
        self._lost = 0

    def find(self, gray: Gray, timestamp_s: float, expected: Sequence[Face]) -> list[Face]:
        started = self._clock()
        self._advance(timestamp_s, gray.shape)
        ids = {face.track_id for face in expected}
        self._known = {key: known for key, known in self._known.items() if key in ids}
        sure: list[Face] = []
        unsure: list[Face] = []
        for face in expected:
            if found := self._again(gray, timestamp_s, face):
                (sure if face.track_id else unsure).append(found)
        lost = len(expected) - len(sure) - len(unsure)
        just_lost, self._lost = lost > self._lost, lost
        cells = self._cells_due(gray, timestamp_s, sure, just_lost)
        new = (
            self._tilted(gray, timestamp_s, sure) if cells is None else self._in_cells(gray, cells)
        )
        self._debt_s += self._clock() - started
        # A mouth that passed for a face a moment ago must not hide the face.
        return without_nested(sure + new + unsure)

    def _advance(self, timestamp_s: float, shape: tuple[int, ...]) -> None:
        """Pay off the debt. At the start, where the clock jumped back, and where the picture has
        another size, all is due at once.
        """
        if self._frame_s is None or timestamp_s < self._frame_s or shape != self._shape:
            self._looked_s = self._wholly_s = -float("inf")
            self._tilted_s = timestamp_s
            self._debt_s = self._step_s = 0.0
            self._known.clear()
        else:
            self._step_s = timestamp_s - self._frame_s
            settings = self._settings
            paid_s = settings.budget_ms / 1e3 or self._step_s * settings.budget_share
            self._debt_s = max(0.0, self._debt_s - paid_s)
        self._frame_s, self._shape = timestamp_s, shape

    def _again(self, gray: Gray, timestamp_s: float, face: Face) -> Face | None:
        """The known face where it is now, or None where it is not to be found."""
        known = self._known.get(face.track_id)
        due_s = self._settings.verify_interval_s - _JITTER_S
        if known and timestamp_s - known.searched_s < due_s:
            followed = self._followed(gray, timestamp_s, known, face)
            if followed:
                return followed
        found = self._around(gray, face)
        if found is None:
            if known is None:
                return None
            known.searched_s = timestamp_s
            return self._followed(gray, timestamp_s, known, face)
        if face.track_id:
            self._known[face.track_id] = _Known(
                TemplateMatcher.of(gray, found), timestamp_s, timestamp_s
            )
        return found

    def _followed(
        self, gray: Gray, timestamp_s: float, known: _Known, expected: Face
    ) -> Face | None:
        if timestamp_s - known.found_s > TRUST_S:
            return None
        found = known.looks.find(gray, expected)
        self.counts.followed += found is not None
        return replace(found, track_id=0) if found else None

    def _around(self, gray: Gray, face: Face) -> Face | None:
        """The face that the detector finds nearest to where it should be."""
        height, width = gray.shape
        if (
            face.x >= width
            or face.y >= height
            or min(face.x + face.width, face.y + face.height) <= 0
        ):
            return None
        self.counts.near += 1
        confirmed = face.track_id > 0
        for angle in (face.angle, *_OTHER_TILTS[face.angle]) if confirmed else (face.angle,):
            found = find_around(
                self._detector,
                gray,
                replace(face, angle=angle),
                room=_ROOM,
                sizes=_SIZES,
                # A box that is not confirmed yet has only the detector to speak for it.
                lenient=confirmed and angle == face.angle,
            )
            if found:
                return max(found, key=lambda other: iou(other, face))
            self.counts.again += confirmed and angle == face.angle
        return None

    def _tilted(self, gray: Gray, timestamp_s: float, known: Sequence[Face]) -> list[Face]:
        """The new faces of tilted heads, where it is time to look for them."""
        interval_s = self._settings.tilt_interval_s
        waits = self._live and self._debt_s > 0
        if not interval_s or waits or timestamp_s - self._tilted_s < interval_s - _JITTER_S:
            return []
        self._tilted_s = timestamp_s
        self._tilt = (self._tilt + 1) % len(TILTS)
        self.counts.tilted += 1
        cells = whole()
        for face in known:
            cells[cells_of(face, gray.shape[1], gray.shape[0])] = 0
        return find_tilted(self._detector, gray, TILTS[self._tilt], cells)

    def _cells_due(
        self, gray: Gray, timestamp_s: float, known: Sequence[Face], just_lost: bool
    ) -> Cells | None:
        """Where new faces are to be looked for in this frame."""
        since_s = timestamp_s - self._looked_s
        waits = self._live and self._debt_s > 0 and since_s < self._still_interval_s
        interval_s = self._settings.full_search_interval_s * (0.5 if just_lost else 1.0)
        # Due where the next frame would be too late.
        if waits or since_s + self._step_s <= interval_s + _JITTER_S:
            return None
        wholly = timestamp_s - self._wholly_s >= self._still_interval_s - _JITTER_S
        changed = self._motion.since_last(gray, known) if self._motion else whole()
        cells = whole() if wholly else changed
        if cells is None:
            return None
        if wholly:
            self._wholly_s = timestamp_s
        self._looked_s = timestamp_s
        if self._motion:
            self._motion.remember(cells)
        cells = cells.copy()
        for face in known:
            cells[cells_of(face, gray.shape[1], gray.shape[0])] = 0
        return cells

    def _in_cells(self, gray: Gray, cells: Cells) -> list[Face]:
        left, top, right, bottom = frame_of(cells, gray.shape[1], gray.shape[0])
        if not right:
            return []
        self.counts.wide += 1
        self.counts.wide_share += float(cells.mean())
        x, y, across, down = cv2.boundingRect(cells)
        where = cells[y : y + down, x : x + across]
        found = self._detector.find(gray[top:bottom, left:right], where=where)
        return [replace(face, x=face.x + left, y=face.y + top) for face in found]


TRUST_S = 0.5
"""How long a face may go on by its looks alone."""

_SIZES = (0.75, 1.33)
"""Shares of a known face's side between which it is looked for."""

_OTHER_TILTS = {0.0: TILTS} | dict.fromkeys(TILTS, (0.0,))

_ROOM = 0.25
"""Shares of its side that are searched around a known face."""

_JITTER_S = 0.002
"""A frame's timestamp is no exact multiple of its period."""
