"""A video file: not live, so every frame counts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import MissingDataError, SourceError
from edge.pixel_formats import as_bgr
from edge.settings.sections import CameraSettings
from edge.sources.video.base import FrameSource
from edge.sources.video.opencv import nominal_fps, open_capture
from edge.types import Frame

_MAX_DAMAGED_IN_A_ROW = 300


class VideoSource(FrameSource):
    """Every frame of a file that FFMPEG decodes, with its time in the file.

    The first frame is at 0 s. Where the container's times stand still or run back, the nominal
    rate (or `settings.fps`, where that is absurd too) carries on from the last good one. Frames
    that cannot be decoded are counted in `ended`.
    """

    def __init__(self, target: str, settings: CameraSettings) -> None:
        super().__init__(Path(target).name, settings)
        self.path = Path(target)
        self._capture: cv2.VideoCapture | None = None
        self._first: NDArray[np.uint8] | None = None
        self._expected = 0.0
        self._delivered = 0
        self._damaged = 0

    def _open(self) -> None:
        self._check_bytes()
        # An absolute path, because FFMPEG takes "a:b.mp4" for a protocol named a.
        self._capture = open_capture(str(self.path.absolute()), cv2.CAP_FFMPEG)
        self.fps = nominal_fps(self._capture)
        expected = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self._expected = expected if math.isfinite(expected) else 0.0
        self._delivered = self._damaged = 0
        self._first = self._next()
        if self._first is None:
            raise SourceError(
                f"cannot read {self.path} as video: no frames could be decoded; "
                "give a file that a video player can show"
            )

    def _check_bytes(self) -> None:
        try:
            with self.path.open("rb") as file:
                if not file.read(1):
                    raise SourceError(f"cannot read {self.path} as video: the file is empty")
        except FileNotFoundError as error:
            raise MissingDataError(f"there is no file {self.path}: check the path") from error
        except OSError as error:
            raise SourceError(f"cannot read {self.path}: {error.strerror}") from error

    def _produce(self) -> Iterator[Frame]:
        step_s = 1 / (self.fps or self.settings.fps)
        image, self._first = self._first, None
        began_s = at_s = self._position_s() or 0.0
        index = 0
        while image is not None:
            yield Frame(image, at_s - began_s, index)
            index += 1
            image = self._next()
            position_s = self._position_s()
            at_s = position_s if position_s is not None and position_s > at_s else at_s + step_s
        if not self._closed.is_set():
            self._end(self._how_it_ended())

    def _next(self) -> NDArray[np.uint8] | None:
        """The next frame that decodes; damaged ones before it are counted, not taken for the end.

        OpenCV answers False to a damaged frame and to the end alike; the length the container
        states tells how far it is worth asking on.
        """
        for failed in range(_MAX_DAMAGED_IN_A_ROW):
            with self._lock:
                if self._capture is None:
                    return None
                there, image = self._capture.read()
            if there:
                self._delivered += 1
                self._damaged += failed
                return as_bgr(image)
            if not self._delivered + self._damaged + failed + 1 < self._expected:
                return None
        return None

    def _position_s(self) -> float | None:
        with self._lock:
            if self._capture is None:
                return None
            position_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            return position_s if math.isfinite(position_s) else None

    def _how_it_ended(self) -> str:
        notes = []
        if self._damaged:
            notes.append(f"{self._damaged} damaged frames were left out")
        # Containers state their length within a few frames; only a clear lack is worth a word.
        if self._delivered + self._damaged < 0.95 * self._expected - 5:
            notes.append(
                f"only {self._delivered} of {self._expected:.0f} frames could be decoded, "
                "the rest is missing or damaged"
            )
        return "; ".join(["end of file", *notes])

    def _release(self) -> None:
        self._first = None
        if self._capture is not None:
            self._capture.release()
            self._capture = None
