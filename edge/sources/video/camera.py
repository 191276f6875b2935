"""A V4L2 camera (USB, or any other /dev/videoN) by OpenCV: live."""

from __future__ import annotations

import os
import time
from pathlib import Path

import cv2
import numpy as np

from edge.errors import MissingDeviceError, SourceError
from edge.settings.sections import CameraSettings
from edge.sources.video.base import LiveSource
from edge.sources.video.jpeg_frame import of_jpeg
from edge.sources.video.opencv import fourcc, nominal_fps, open_capture
from edge.types import Frame

_KEPT = {"YUYV": "YUYV", "UYVY": "UYVY", "NV12": "NV12", "YU12": "I420", "GREY": "GRAY"}
"""V4L2's name → ours. These stay as the driver gives them: their luma is the gray picture, and
colours are made when somebody looks. OpenCV makes BGR of the others."""

_ENOUGH = 0.9
"""Of the rate that was asked for."""
_AT_ONCE_S = 0.5
"""OpenCV waits a second for a frame; a sooner no is an error of the driver."""
_COMPRESSED = ("MJPG", "JPEG")
"""Of these the luma alone is decoded, and colours likewise when somebody looks."""


class CameraSource(LiveSource):
    """Frames of a device node, in the size and rate nearest to the settings'.

    A node that vanishes (unplugged) is waited for like any death, and named in the reason.
    """

    def __init__(self, target: str, settings: CameraSettings) -> None:
        super().__init__(target, settings)
        self._node = Path(target)
        self._capture: cv2.VideoCapture | None = None
        self._format: str | None = None

    def _connect(self) -> None:
        if not self._node.exists():
            raise MissingDeviceError(
                f"there is no camera {self.name}: see the ones there are by `edge devices`"
            )
        if not os.access(self._node, os.R_OK | os.W_OK):
            raise SourceError(
                f"no permission to use {self.name}: add yourself to the group that owns it "
                "(sudo usermod -aG video $USER) and log in again"
            )
        # OpenCV waits ten seconds for a frame, whole ones; we ask it again until ours are over.
        os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "1")
        capture = open_capture(str(self._node), cv2.CAP_V4L2)
        if not capture.isOpened():
            raise SourceError(
                f"cannot open {self.name}: it is in use by another program, or no camera; "
                "see `edge devices`"
            )
        self._choose(capture)
        code = fourcc(capture)
        self._format = "JPEG" if code in _COMPRESSED else _KEPT.get(code)
        if self._format:
            capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)
        self._capture = capture
        self.fps = nominal_fps(capture)

    def _choose(self, capture: cv2.VideoCapture) -> None:
        """Set size, rate and format; "auto" takes MJPG where the camera's own format is slower.

        What is not compressed fills USB 2 at 640x480 and 30 frames a second: larger pictures come
        at 5 or 10 then.
        """
        wanted = self.settings.usb_format
        if wanted != "auto":
            _set(capture, self.settings, wanted)
            if fourcc(capture) != wanted:
                raise SourceError(
                    f"{self.name} does not give camera.usb_format {wanted} but "
                    f"{fourcc(capture) or 'another'}: set auto, or one of `v4l2-ctl --list-formats`"
                )
            return
        _set(capture, self.settings)
        own, rate = fourcc(capture), nominal_fps(capture)
        if own in _COMPRESSED or rate is None or rate >= _ENOUGH * self.settings.fps:
            return
        _set(capture, self.settings, "MJPG")
        compressed = nominal_fps(capture)
        if fourcc(capture) not in _COMPRESSED or compressed is None or compressed <= rate:
            _set(capture, self.settings, own)

    def _read(self) -> object:
        if self._capture is None:
            raise SourceError("it is not open")
        until_s = time.monotonic() + self.budget.seconds
        while True:
            asked_s = time.monotonic()
            there, image = self._capture.read()
            now_s = time.monotonic()
            # Asked even when a frame came: OpenCV may go on handing out the last buffer.
            if not self._node.exists():
                raise SourceError(f"{self.name} is gone (unplugged?)")
            if there:
                return image
            if now_s - asked_s < _AT_ONCE_S or self._closed.is_set():
                raise SourceError("it delivers no more frames")
            if now_s >= until_s:
                raise self._too_long()

    def _framed(self, delivered: object, timestamp_s: float, index: int) -> Frame:
        # A driver may not heed that it is to convert nothing; the shape tells.
        if (
            self._format
            and isinstance(delivered, np.ndarray)
            and delivered.dtype == np.uint8
            and delivered.size
        ):
            pixels = delivered[..., 0] if delivered.shape[2:] == (1,) else delivered
            if self._format == "JPEG":
                if max(pixels.shape) == pixels.size:
                    return of_jpeg(pixels.reshape(-1), timestamp_s, index)
            elif pixels.shape[2:] == ((2,) if self._format in ("YUYV", "UYVY") else ()):
                return Frame(pixels, timestamp_s, index, self._format)
        return super()._framed(delivered, timestamp_s, index)

    def _release(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None


def _set(capture: cv2.VideoCapture, settings: CameraSettings, format_: str = "") -> None:
    """Size and rate follow the format: a driver picks those that it has for it."""
    if format_:
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*format_))
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, settings.width)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, settings.height)
    capture.set(cv2.CAP_PROP_FPS, settings.fps)
