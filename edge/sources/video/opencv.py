"""OpenCV's VideoCapture, opened without its chatter."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import cv2

from edge.system.native_output import native_path

MAX_FPS = 240.0
"""Containers and cameras that claim more (90000 is a common one) do not know."""

_OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
_UNDECODED = "codec_whitelist;none"
"""FFMPEG decodes the first pictures of some formats as it opens a file, and by this none."""
_MOST_ASPECT = 4.0
_SQUARE = 0.01
"""Pixels that are off by less are square for us."""


def open_capture(target: str, backend: int, options: Sequence[int] = ()) -> cv2.VideoCapture:
    """Open `target`; check `isOpened()`.

    options: pairs of property and value that must hold while it opens (FFMPEG's timeouts)
    """
    quieten()
    return cv2.VideoCapture(native_path(target), backend, list(options))


def read_image(capture: cv2.VideoCapture) -> object:
    """The next image; None at the end, and for a damaged one."""
    try:
        there, image = capture.read()
    except cv2.error:  # it is larger than the container said: OpenCV's buffer is too small
        return None
    return image if there else None


def picture_size(capture: cv2.VideoCapture) -> tuple[int, int]:
    """Width and height (px); 0, 0 where they are not known yet."""
    sides = (capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    width, height = (int(side) if 0 < side < 1 << 31 else 0 for side in sides)
    return width, height


def declared_size(path: str) -> tuple[int, int]:
    """Likewise, as a file's container says it: nothing is decoded, 0, 0 where it says none."""
    with capture_options(_UNDECODED):
        capture = open_capture(path, cv2.CAP_FFMPEG)
    try:
        return picture_size(capture)
    finally:
        capture.release()


@contextmanager
def capture_options(options: str) -> Iterator[None]:
    """OpenCV reads its options from the environment, at each opening; a person's own win."""
    if _OPTIONS in os.environ:
        yield
        return
    os.environ[_OPTIONS] = options
    try:
        yield
    finally:
        os.environ.pop(_OPTIONS, None)


def quieten() -> None:
    """Keep OpenCV and FFMPEG off the terminal, unless the environment asks to hear them."""
    if "OPENCV_LOG_LEVEL" not in os.environ:
        # OpenCV moved it between 4.11 and 4.14; 0 is silence in both.
        opencv: Any = cv2
        logging = opencv if hasattr(opencv, "setLogLevel") else opencv.utils.logging
        logging.setLogLevel(0)
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")


def nominal_fps(capture: cv2.VideoCapture) -> float | None:
    """What the capture says of itself, or None where that cannot be."""
    fps = capture.get(cv2.CAP_PROP_FPS)
    return fps if 0 < fps <= MAX_FPS else None  # NaN fails both


def fourcc(capture: cv2.VideoCapture) -> str:
    """The four letters of the format that the driver delivers, "" where it does not say."""
    code = int(capture.get(cv2.CAP_PROP_FOURCC))
    letters = "".join(chr(code >> shift & 0xFF) for shift in (0, 8, 16, 24))
    return letters if letters.isalnum() else ""


def pixel_aspect(capture: cv2.VideoCapture) -> float:
    """A pixel's width over its height in the upright picture; 1 where that is not said."""
    across, down = capture.get(cv2.CAP_PROP_SAR_NUM), capture.get(cv2.CAP_PROP_SAR_DEN)
    aspect = plausible_aspect(across / down if across > 0 and down > 0 else 1)
    return 1 / aspect if capture.get(cv2.CAP_PROP_ORIENTATION_META) in (90, 270) else aspect


def plausible_aspect(aspect: float | Fraction) -> float:
    """The aspect, or 1 where it is 1 within a hundredth, or no pixel's: then it is a mistake."""
    aspect = float(aspect)
    if not 1 / _MOST_ASPECT <= aspect <= _MOST_ASPECT or abs(aspect - 1) <= _SQUARE:
        return 1.0
    return aspect
