"""From a face's box to the picture that a network was trained on: 48x48 gray for ours."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.settings.sections import PreprocessSettings
from edge.types import Face
from edge.vision.cascade import load_cascade
from edge.vision.crop import cut, cut_turned
from edge.vision.picture_format import PictureFormat
from edge.vision.resize import downscale
from edge.vision.stretch import stretch

SIZE_PX = 48
"""Our networks' input is this square (FER2013's pictures)."""
OURS = PictureFormat(SIZE_PX, SIZE_PX)

Gray = NDArray[np.uint8]
Picture = NDArray[np.uint8]
"""uint8 (H, W) gray or (H, W, 3) BGR"""


class Preprocessor:
    """`crop` cuts a face out of a frame; `normalise` evens its light. Training data is cropped
    already, so training shares `normalise` alone with the device.

    picture_format: what the network takes
    """

    def __init__(self, settings: PreprocessSettings, picture_format: PictureFormat = OURS) -> None:
        """Raises MissingPartError where alignment is asked for and OpenCV has no eye cascade."""
        self._settings = settings
        self.picture_format = picture_format
        self._eye_cascade = load_cascade("haarcascade_eye") if settings.align else None
        levels = np.arange(256) / 255
        self._gamma_table = np.rint(255 * levels**settings.gamma).astype(np.uint8)

    @property
    def in_colour(self) -> bool:
        """Whether `crop` is to be given BGR pictures."""
        return self.picture_format.colour != "gray"

    def crop(self, image: Picture, face: Face) -> Picture:
        """The rectangle around a box that has the network's shape, as uint8 of its size.

        image: uint8 (H, W), or (H, W, 3) BGR where the network takes colours; what the
        rectangle has outside of it repeats its edge
        A margin of 0 suits FER2013: in the 514 of 700 training pictures where Haar finds the
        face, its box has the picture's centre and 1.04 times the picture's side (medians).
        A tilted head is turned upright by its box's angle, and with `align` until its eyes are
        level, where both are found.
        """
        picture_format = self.picture_format
        side = max(1, round(max(face.width, face.height) * (1 + 2 * self._settings.margin)))
        longer = max(picture_format.width, picture_format.height)
        width = max(1, round(side * picture_format.width / longer))
        height = max(1, round(side * picture_format.height / longer))
        left = round(face.x + face.width / 2 - width / 2)
        top = round(face.y + face.height / 2 - height / 2)
        box = (left, top, width, height)
        patch = cut_turned(image, *box, face.angle) if face.angle else cut(image, *box)
        if self._eye_cascade is not None and (tilt := eye_tilt(self._eye_cascade, _gray(patch))):
            patch = cut_turned(image, *box, face.angle + tilt)
        return _resized(patch, picture_format.width, picture_format.height)

    def normalise(self, patch: Picture) -> Picture:
        """uint8 of the network's shape, its lightness stretched (gray pictures alone), with gamma,
        histogram equalisation and smoothing, each if it is set, and its channels in the network's
        order.

        Gamma: out = in ** gamma on a scale of 0 to 1, so below 1 it brightens.
        """
        if self._settings.stretch and patch.ndim == 2:
            patch = stretch(patch)
        if self._settings.gamma != 1:
            patch = self._gamma_table[patch]
        if self._settings.equalise:
            patch = _equalised(patch)
        if self._settings.smooth:
            patch = cv2.GaussianBlur(patch, (3, 3), 0).astype(np.uint8, copy=False)
        return self._in_order(patch)

    def _in_order(self, patch: Picture) -> Picture:
        if self.picture_format.channels == 1 or self.picture_format.colour == "bgr":
            return patch
        code = cv2.COLOR_BGR2RGB if self.in_colour else cv2.COLOR_GRAY2RGB
        return cv2.cvtColor(patch, code).astype(np.uint8, copy=False)


def eye_tilt(eye_cascade: cv2.CascadeClassifier, square: Gray) -> float:
    """By how many degrees the line through the eyes leans, clockwise; 0 where they are not found.

    square: uint8 (n, n), one face. The surest eye of each half counts, searched for in the upper
    part at a fixed size, so that the cost (some milliseconds) does not grow with the face. Two
    that lie close together or lean by over 30 degrees are no pair of eyes.
    """
    scale = min(1.0, _EYE_SEARCH_PX / square.shape[0])
    upper = square[: max(1, round(square.shape[0] * _EYES_ABOVE))]
    width, height = (max(1, round(n * scale)) for n in (upper.shape[1], upper.shape[0]))
    small = cv2.resize(upper, (width, height), interpolation=cv2.INTER_AREA)
    boxes, neighbors = eye_cascade.detectMultiScale2(
        small, scaleFactor=1.1, minNeighbors=3, minSize=(_MIN_EYE_PX, _MIN_EYE_PX)
    )
    surest_first = np.argsort(neighbors, kind="stable")[::-1]
    centres = [(x + w / 2, y + h / 2) for x, y, w, h in (boxes[i] for i in surest_first)]
    left = next((centre for centre in centres if centre[0] < width / 2), None)
    right = next((centre for centre in centres if centre[0] >= width / 2), None)
    if left is None or right is None or right[0] - left[0] < 0.25 * width:
        return 0.0
    tilt = math.degrees(math.atan2(right[1] - left[1], right[0] - left[0]))
    return tilt if abs(tilt) <= _MAX_TILT_DEG else 0.0


_EYES_ABOVE = 0.6
"""The part of a face's height, from its top, that holds the eyes however it is turned."""

_MIN_EYE_PX = 20
_EYE_SEARCH_PX = 128
_MAX_TILT_DEG = 30.0


def _gray(patch: Picture) -> Gray:
    if patch.ndim == 2:
        return patch
    return cv2.cvtColor(patch, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)


def _equalised(patch: Picture) -> Picture:
    """Of colours, the lightness alone."""
    if patch.ndim == 2:
        return cv2.equalizeHist(patch).astype(np.uint8, copy=False)
    parts = cv2.cvtColor(patch, cv2.COLOR_BGR2YCrCb)
    parts[..., 0] = cv2.equalizeHist(parts[..., 0])
    return cv2.cvtColor(parts, cv2.COLOR_YCrCb2BGR).astype(np.uint8, copy=False)


def _resized(patch: Picture, width: int, height: int) -> Picture:
    """By area where it shrinks, so that nothing aliases; linear where it grows."""
    if patch.shape[0] > height:
        return downscale(patch, width, height)
    large = cv2.resize(patch, (width, height), interpolation=cv2.INTER_LINEAR)
    return large.astype(np.uint8, copy=False)
