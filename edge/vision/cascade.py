"""Face search in one picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import MissingModelError, MissingPartError, ModelError
from edge.settings.sections import DetectionSettings
from edge.types import Face
from edge.vision.resize import downscale

Gray = NDArray[np.uint8]


class FaceDetector(Protocol):
    def find(
        self,
        gray: Gray,
        sizes_px: tuple[float, float] | None = None,
        *,
        where: Gray | None = None,
        lenient: bool = False,
    ) -> list[Face]:
        """The faces in a picture, surest first.

        gray:     uint8 (H, W), any size
        sizes_px: about the smallest and largest side to look for, where they are known (a face
                  that is followed); without, all from the settings' smallest on
        where:    uint8 (h, w), 0 for the parts of the picture that need not be searched
        lenient:  boxes may be less sure: they lie on a known face, or will be searched again
        Each box lies inside the picture, is at least one pixel large and has track_id 0.
        """
        ...


@dataclass(frozen=True, slots=True)
class ScanProfile:
    """How a picture is searched: whole, for proposals, or around a known face, where little is to
    be searched and so it is done finely.

    window_ratio: the smallest face, in windows. At exactly 1 it would be seen at one scale only,
                  and so rarely by enough neighbors
    fewest:       neighbors that do where boxes may be less sure; one means two windows
    octaves:      larger faces are searched for in halved pictures
    """

    window_ratio: float
    scale_factor: float
    contrast: cv2.CLAHE
    fewest: int = 2
    octaves: bool = False


_EVEN = 128


_ALIKE = 0.2
"""OpenCV's own measure of how much two windows on one face may differ."""


def _contrast(tiles: int) -> cv2.CLAHE:
    return cv2.createCLAHE(clipLimit=2.0, tileGridSize=(tiles, tiles))


class CascadeDetector:
    """Viola and Jones' boosted cascade (CVPR 2001) as OpenCV 4 runs it.

    Two things are done to the picture before the search.

    It is made smaller, so that the smallest wanted face fills little more than the cascade's
    24x24 window. OpenCV's `minSize` alone skips the scales below it, but then steps by single
    pixels through every picture reduced to half or less, and by two through the others: given the
    full picture it tests four times as many positions for faces up to twice the smallest. A
    picture is never enlarged: that invents no detail.

    For proposals it is halved again and again, and each is searched by steps of two for faces of
    one to two windows: half the positions. A face is then seen by fewer windows, so two do.

    Its local contrast is raised (CLAHE, Zuiderveld 1994), for the cascade misses flatly lit
    faces. On sampled frames of eight clips with 148 faces both together found 141, with 2 false
    boxes; the full, plain picture gave 139 with 21 (Haar's cascade, scale factors 1.15 and 1.1,
    faces from 48 px, 5 neighbors). The values were chosen on these clips: elsewhere the gain may
    be smaller.
    """

    def __init__(self, cascade: cv2.CascadeClassifier, settings: DetectionSettings) -> None:
        self._cascade = cascade
        self._min_face_px = settings.min_face_px
        self._window_px = cascade.getOriginalWindowSize()[0]
        self._min_neighbors = settings.min_neighbors
        self._wide = ScanProfile(1.3, settings.scale_factor, _contrast(8))
        self._proposing = ScanProfile(
            1.4, settings.scale_factor, self._wide.contrast, fewest=1, octaves=True
        )
        self._near = ScanProfile(1.5, 1.1, _contrast(2))

    def find(
        self,
        gray: Gray,
        sizes_px: tuple[float, float] | None = None,
        *,
        where: Gray | None = None,
        lenient: bool = False,
    ) -> list[Face]:
        height, width = gray.shape
        least, most = sizes_px or (self._min_face_px, max(height, width))
        if min(height, width) < least:
            return []
        how = self._near if sizes_px else self._proposing if lenient else self._wide
        shrink = min(1.0, how.window_ratio * self._window_px / least)
        small = how.contrast.apply(at_scale(gray, shrink)).astype(np.uint8, copy=False)
        if where is not None:
            # The cascade leaves even areas at once.
            size = (small.shape[1], small.shape[0])
            small[cv2.resize(where, size, interpolation=cv2.INTER_NEAREST) == 0] = _EVEN
        least_side = max(self._window_px, round(least * shrink))
        most_side = max(least_side, round(most * shrink))
        neighbors = min(how.fewest, self._min_neighbors) if lenient else self._min_neighbors
        search = self._by_octaves if how.octaves else self._at_once
        boxes, sureness = search(small, least_side, most_side, how.scale_factor, neighbors)
        surest_first = np.argsort(sureness, kind="stable")[::-1]
        x_scale, y_scale = width / small.shape[1], height / small.shape[0]
        found = [scaled(boxes[i], x_scale, y_scale, width, height) for i in surest_first]
        return without_nested(found)

    def _at_once(
        self, small: Gray, least_px: int, most_px: int, scale_factor: float, neighbors: int
    ) -> tuple[Sequence[Sequence[float]], Sequence[float]]:
        """The boxes that so many windows agree on, and how many did."""
        return self._cascade.detectMultiScale2(
            small,
            scaleFactor=scale_factor,
            minNeighbors=neighbors,
            minSize=(least_px, least_px),
            maxSize=(most_px, most_px),
        )

    def _by_octaves(
        self, small: Gray, least_px: int, most_px: int, scale_factor: float, neighbors: int
    ) -> tuple[Sequence[Sequence[float]], Sequence[float]]:
        """The same, from windows of one to two times the cascade's in pictures halved again."""
        windows: list[list[int]] = []
        halved, largest_px = 1, 2 * self._window_px - 1
        while most_px >= self._window_px * halved and min(small.shape) >= self._window_px:
            least = max(self._window_px, ceil(least_px / halved))
            most = min(largest_px, most_px // halved)
            # No neighbors: every window by itself, to be grouped with the other octaves'.
            found = self._cascade.detectMultiScale(
                small,
                scaleFactor=scale_factor,
                minNeighbors=0,
                minSize=(least, least),
                maxSize=(most, most),
            )
            windows += [[int(side) * halved for side in window] for window in found]
            small, halved = downscale(small, small.shape[1] // 2, small.shape[0] // 2), 2 * halved
        return cv2.groupRectangles(windows, neighbors, _ALIKE)


class HaarDetector(CascadeDetector):
    """The frontal face cascade that comes with OpenCV 4, or `detection.model` where that is set."""

    def __init__(self, settings: DetectionSettings) -> None:
        """Raises MissingPartError where OpenCV has no cascade, as `read_cascade` otherwise."""
        given = settings.model
        cascade = read_cascade(given) if given else load_cascade("haarcascade_frontalface_default")
        super().__init__(cascade, settings)


class LbpDetector(CascadeDetector):
    """A cascade of local binary patterns (Liao et al. 2007), a file that the user brings.

    OpenCV's repository has one, its Python package does not.
    """

    def __init__(self, settings: DetectionSettings) -> None:
        """Raises MissingModelError where no file is named, as `read_cascade` otherwise."""
        if not settings.model:
            raise MissingModelError(
                "the detector lbp needs its cascade: set detection.model to a file like OpenCV's "
                "data/lbpcascades/lbpcascade_frontalface_improved.xml"
            )
        super().__init__(read_cascade(settings.model), settings)


def read_cascade(path: str) -> cv2.CascadeClassifier:
    """A cascade that the user brings. Raises MissingModelError, ModelError."""
    if not Path(path).is_file():
        raise MissingModelError(f"there is no cascade {path}: check detection.model")
    cascade = _opened(path)
    if cascade is None:
        raise ModelError(f"{path} is no cascade that OpenCV {cv2.__version__} reads: fetch it anew")
    return cascade


def load_cascade(name: str) -> cv2.CascadeClassifier:
    """One of OpenCV's cascades by name. Raises MissingPartError where OpenCV has none."""
    folder = getattr(getattr(cv2, "data", None), "haarcascades", "")
    path = Path(folder) / f"{name}.xml"
    if not hasattr(cv2, "CascadeClassifier") or not path.is_file():
        raise MissingPartError(
            f"OpenCV {cv2.__version__} has no {name} (OpenCV 5 dropped the cascades): "
            "pip install 'opencv-python-headless>=4.10,<5'"
        )
    cascade = _opened(str(path))
    if cascade is None:
        raise MissingPartError(
            f"{path} is damaged: pip install --force-reinstall 'opencv-python-headless>=4.10,<5'"
        )
    return cascade


def _opened(path: str) -> cv2.CascadeClassifier | None:
    try:
        cascade = cv2.CascadeClassifier(path)
    except (cv2.error, SystemError):  # SystemError is how the binding of some versions says it
        return None
    return None if cascade.empty() else cascade


def at_scale(gray: Gray, scale: float) -> Gray:
    """The picture at `scale`, up to 1."""
    if scale == 1.0:
        return gray
    height, width = gray.shape
    return downscale(gray, max(1, round(width * scale)), max(1, round(height * scale)))


def scaled(box: Sequence[float], x_scale: float, y_scale: float, width: int, height: int) -> Face:
    """A box of the small picture in pixels of the full one, cut to its (width, height)."""
    left, top = max(0, round(box[0] * x_scale)), max(0, round(box[1] * y_scale))
    right = min(width, round((box[0] + box[2]) * x_scale))
    bottom = min(height, round((box[1] + box[3]) * y_scale))
    return Face(left, top, right - left, bottom - top)


def without_nested(surest_first: list[Face]) -> list[Face]:
    """Drops each box that lies more than half within a surer one, or holds one: a face holds
    no second face, but the cascade likes to see one in a mouth or around a head."""
    kept: list[Face] = []
    for face in surest_first:
        if all(_shared(face, other) <= 0.5 * min(face.area, other.area) for other in kept):
            kept.append(face)
    return kept


def _shared(a: Face, b: Face) -> int:
    across = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    down = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    return max(0, across) * max(0, down)
