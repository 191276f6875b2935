"""From a face's box to the 48x48 gray picture that the networks were trained on."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.settings.sections import PreprocessSettings
from edge.types import Face
from edge.vision.cascade import load_cascade
from edge.vision.resize import downscale

SIZE_PX = 48
"""The networks' input is this square (FER2013's pictures)."""

Gray = NDArray[np.uint8]


class Preprocessor:
    """`crop` cuts a face out of a frame; `normalise` evens its light. Training data is cropped
    already, so training shares `normalise` alone with the device."""

    def __init__(self, settings: PreprocessSettings) -> None:
        """Raises MissingPartError where alignment is asked for and OpenCV has no eye cascade."""
        self._settings = settings
        self._eye_cascade = load_cascade("haarcascade_eye") if settings.align else None
        levels = np.arange(256) / 255
        self._gamma_table = np.rint(255 * levels**settings.gamma).astype(np.uint8)

    def crop(self, gray: Gray, face: Face) -> Gray:
        """The square around a box, as uint8 (48, 48).

        gray: uint8 (H, W); what the square has outside of it repeats its edge
        A margin of 0 suits FER2013: in the 514 of 700 training pictures where Haar finds the
        face, its box has the picture's centre and 1.04 times the picture's side (medians).
        With `align` the face is turned until its eyes are level, where both are found.
        """
        side = max(1, round(max(face.width, face.height) * (1 + 2 * self._settings.margin)))
        left = round(face.x + face.width / 2 - side / 2)
        top = round(face.y + face.height / 2 - side / 2)
        square = _cut(gray, left, top, side)
        if self._eye_cascade is not None and (tilt := eye_tilt(self._eye_cascade, square)):
            square = _cut_turned(gray, left, top, side, tilt)
        return _resized(square)

    def normalise(self, patch: Gray) -> Gray:
        """uint8 (48, 48) with gamma, histogram equalisation and smoothing, each if it is set.

        Gamma: out = in ** gamma on a scale of 0 to 1, so below 1 it brightens.
        """
        if self._settings.gamma != 1:
            patch = self._gamma_table[patch]
        if self._settings.equalise:
            patch = cv2.equalizeHist(patch).astype(np.uint8, copy=False)
        if self._settings.smooth:
            patch = cv2.GaussianBlur(patch, (3, 3), 0).astype(np.uint8, copy=False)
        return patch


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


def _cut(gray: Gray, left: int, top: int, side: int) -> Gray:
    """A square of the picture; a view where it lies inside."""
    height, width = gray.shape
    right, bottom = left + side, top + side
    if left >= 0 and top >= 0 and right <= width and bottom <= height:
        return gray[top:bottom, left:right]
    columns = np.arange(left, right).clip(0, width - 1)
    rows = np.arange(top, bottom).clip(0, height - 1)
    square: Gray = gray[rows[:, None], columns]
    return square


def _cut_turned(gray: Gray, left: int, top: int, side: int, tilt: float) -> Gray:
    """The same square, turned by `tilt` degrees around its centre, out of the whole picture: its
    corners are true surroundings."""
    middle = (side - 1) / 2
    turn = cv2.getRotationMatrix2D((left + middle, top + middle), tilt, 1.0)
    turn[:, 2] -= (left, top)
    return cv2.warpAffine(
        gray, turn, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    ).astype(np.uint8, copy=False)


def _resized(square: Gray) -> Gray:
    """To 48x48: by area where it shrinks, so that nothing aliases; linear where it grows."""
    if square.shape[0] > SIZE_PX:
        return downscale(square, SIZE_PX, SIZE_PX)
    large = cv2.resize(square, (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_LINEAR)
    return large.astype(np.uint8, copy=False)
