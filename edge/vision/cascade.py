"""Face search in one picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import MissingModelError, MissingPartError, ModelError
from edge.settings.sections import DetectionSettings
from edge.system.native_output import native_path
from edge.system.pip import OPENCV, pip_install
from edge.types import Face
from edge.vision.boxes import inside, without_nested
from edge.vision.crop import cut
from edge.vision.light import stretched
from edge.vision.resize import downscale

Gray = NDArray[np.uint8]
_Box = tuple[float, float, float, float, int]
"""left, top, width, height in pixels, and how many windows agree on it"""


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
        lenient:  boxes around a known face may be less sure, a whole picture searched in coarser
                  steps
        Each box lies inside the picture, is at least one pixel large and has track_id 0.
        """
        ...


@dataclass(frozen=True, slots=True)
class ScanProfile:
    """How a picture is scanned.

    window_ratio: the side of the smallest face, in windows, in the picture as it is searched
    scale_factor: from one size to the next
    """

    window_ratio: float
    scale_factor: float


_PROPOSING = 1.2
"""Windows across the smallest face where the whole picture is scanned for proposals."""

_COARSE = ScanProfile(window_ratio=1.0, scale_factor=1.25)
"""Where coarse steps will do."""

_NEAR = ScanProfile(window_ratio=2.0, scale_factor=1.1)
"""Around one face. At two windows OpenCV steps by single pixels."""

_SIZES = (0.75, 1.33)
_ROOM = 0.25
"""Of a proposal's side: the sizes and the surroundings in which it is searched for again."""

_BELOW = 1.1
"""A box may be this much smaller than the smallest face: it trembles by so much."""

_PADDING_PX = 4
"""Of edge repeated around the picture: a face that touches the edge fills few windows inside."""

_EVEN = 128

_ALIKE = 0.2
"""OpenCV's own measure of how much two windows on one face may differ."""

_LENIENT = 2
"""Neighbors that do on a face that is known."""


class CascadeDetector:
    """Viola and Jones' boosted cascade (CVPR 2001) as OpenCV 4 runs it, in two passes.

    The first proposes: the picture is made smaller, until the smallest wanted face fills little
    more than the cascade's 24x24 window, and then halved again and again; each is scanned by
    steps of two for faces of one to two windows, and every window that passes counts. OpenCV's
    own scan steps by single pixels through every picture reduced to half or less: four times the
    positions. The second pass searches the surroundings of each proposal by single pixels for
    about its size, and there so many windows must agree as in a search of everything.

    Light that is dim or flat is drawn out over the whole picture (`stretched`): local contrast
    (CLAHE), which was done before, loses a fifth of the faces of well lit stills. Around the
    picture its edge is repeated, so that faces at the edge are found. Where the smallest face is
    below two windows, the picture is made larger for the second pass, and for the first where it
    is below `_PROPOSING`. Decision 0015 has figures.
    """

    def __init__(self, cascade: cv2.CascadeClassifier, settings: DetectionSettings) -> None:
        self._cascade = cascade
        self._min_face_px = settings.min_face_px
        self._window_px = cascade.getOriginalWindowSize()[0]
        self._largest = max(1.0, _NEAR.window_ratio * self._window_px / settings.min_face_px)
        """The scale up to which a face below two windows is enlarged."""
        self._min_neighbors = settings.min_neighbors
        self._fine = ScanProfile(_PROPOSING, settings.scale_factor)
        self._coarse = ScanProfile(
            _COARSE.window_ratio, max(_COARSE.scale_factor, settings.scale_factor)
        )

    def find(
        self,
        gray: Gray,
        sizes_px: tuple[float, float] | None = None,
        *,
        where: Gray | None = None,
        lenient: bool = False,
    ) -> list[Face]:
        height, width = gray.shape
        if min(height, width) < (sizes_px[0] if sizes_px else self._min_face_px):
            return []
        lit = stretched(gray)
        if sizes_px:
            neighbors = min(_LENIENT, self._min_neighbors) if lenient else self._min_neighbors
            found = self._near(lit, *sizes_px, neighbors)
        else:
            found = self._everywhere(lit, where, self._coarse if lenient else self._fine)
        surest_first = sorted(found, key=lambda box: -box[-1])
        boxes = [inside(*box[:4], (width, height)) for box in surest_first]
        return without_nested([box for box in boxes if box.area > 0])

    def _everywhere(self, lit: Gray, where: Gray | None, profile: ScanProfile) -> list[_Box]:
        least_px = self._min_face_px / _BELOW
        found = []
        for left, top, side in self._proposals(lit, where, profile):
            room = _ROOM * side
            x, y, area_px = round(left - room), round(top - room), round(side + 2 * room)
            sizes = (max(least_px, _SIZES[0] * side), max(least_px, _SIZES[1] * side))
            near = self._near(cut(lit, x, y, area_px, area_px), *sizes, self._min_neighbors)
            if near:
                box = max(near, key=lambda box: box[-1])
                found.append((box[0] + x, box[1] + y, *box[2:]))
        return found

    def _near(self, lit: Gray, least_px: float, most_px: float, neighbors: int) -> list[_Box]:
        """The boxes of about this size that this many windows agree on."""
        scale = min(self._largest, _NEAR.window_ratio * self._window_px / least_px)
        small = at_scale(lit, scale)
        least = max(self._window_px, round(least_px * scale))
        most = max(least, round(most_px * scale))
        boxes, agreeing = self._cascade.detectMultiScale2(
            small,
            scaleFactor=_NEAR.scale_factor,
            minNeighbors=neighbors,
            minSize=(least, least),
            maxSize=(most, most),
        )
        across, down = lit.shape[1] / small.shape[1], lit.shape[0] / small.shape[0]
        return [
            (x * across, y * down, w * across, h * down, int(n))
            for (x, y, w, h), n in zip(boxes, agreeing, strict=True)
        ]

    def _proposals(
        self, lit: Gray, where: Gray | None, profile: ScanProfile
    ) -> list[tuple[float, float, float]]:
        """(left, top, side) of whatever any window takes for a face."""
        scale = profile.window_ratio * self._window_px / self._min_face_px
        small = at_scale(lit, scale)
        if where is not None:
            # The cascade leaves even areas at once.
            small = small.copy() if small is lit else small
            size = (small.shape[1], small.shape[0])
            small[cv2.resize(where, size, interpolation=cv2.INTER_NEAREST) == 0] = _EVEN
        windows: list[list[int]] = []
        halved, pad = 1, _PADDING_PX
        while min(small.shape) + 2 * pad >= self._window_px:
            around = cv2.copyMakeBorder(small, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
            # No neighbors: every window by itself, to be grouped with the other octaves'.
            found = self._cascade.detectMultiScale(
                around,
                scaleFactor=profile.scale_factor,
                minNeighbors=0,
                maxSize=(2 * self._window_px - 1,) * 2,
            )
            windows += [
                [int(x - pad) * halved, int(y - pad) * halved, int(w) * halved, int(h) * halved]
                for x, y, w, h in found
            ]
            if min(small.shape) < 2:
                break
            small, halved = downscale(small, small.shape[1] // 2, small.shape[0] // 2), 2 * halved
        # Twice each: a group of one would be dropped.
        boxes, _ = cv2.groupRectangles(windows + windows, 1, _ALIKE)
        return [(x / scale, y / scale, side / scale) for x, y, side, _ in boxes]


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
        raise ModelError(f"{path} is no cascade for OpenCV {cv2.__version__}: fetch it again")
    return cascade


def load_cascade(name: str) -> cv2.CascadeClassifier:
    """One of OpenCV's cascades by name. Raises MissingPartError where OpenCV has none."""
    folder = getattr(getattr(cv2, "data", None), "haarcascades", "")
    path = Path(folder) / f"{name}.xml"
    if not hasattr(cv2, "CascadeClassifier") or not path.is_file():
        raise MissingPartError(
            f"OpenCV {cv2.__version__} has no {name} (OpenCV 5 dropped the cascades): "
            f"{pip_install(OPENCV)}"
        )
    cascade = _opened(str(path))
    if cascade is None:
        raise MissingPartError(f"{path} is damaged: {pip_install(OPENCV, '--force-reinstall ')}")
    return cascade


def _opened(path: str) -> cv2.CascadeClassifier | None:
    try:
        cascade = cv2.CascadeClassifier(native_path(path))
    except (cv2.error, SystemError):  # SystemError is how the binding of some versions says it
        return None
    return None if cascade.empty() else cascade


def at_scale(gray: Gray, scale: float) -> Gray:
    """The picture at `scale`."""
    if scale == 1.0:
        return gray
    width, height = (max(1, round(side * scale)) for side in gray.shape[::-1])
    if scale > 1.0:
        larger = cv2.resize(gray, (width, height), interpolation=cv2.INTER_LINEAR)
        return larger.astype(np.uint8, copy=False)
    return downscale(gray, width, height)
