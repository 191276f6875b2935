"""A video file: not live, so every frame counts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import MissingDataError, SourceError
from edge.settings import CameraSettings
from edge.sources.base import FrameSource
from edge.sources.capture import nominal_fps, open_capture
from edge.sources.frames import as_bgr
from edge.types import Frame


class VideoSource(FrameSource):
    """Every frame of a file that FFMPEG decodes, with its time in the file.

    The first frame is at 0 s. Where the container's times stand still or run back, the nominal
    rate (or `settings.fps`, where that is absurd too) carries on from the last good one.
    """

    def __init__(self, target: str, settings: CameraSettings) -> None:
        super().__init__(Path(target).name, settings)
        self.path = Path(target)
        self._capture: cv2.VideoCapture | None = None
        self._first: NDArray[np.uint8] | None = None
        self._expected = 0.0

    def _open(self) -> None:
        self._check_bytes()
        # An absolute path, because FFMPEG takes "a:b.mp4" for a protocol named a.
        self._capture = open_capture(str(self.path.absolute()), cv2.CAP_FFMPEG)
        self.fps = nominal_fps(self._capture)
        self._expected = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
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
            self._end(self._how_it_ended(index))

    def _next(self) -> NDArray[np.uint8] | None:
        with self._lock:
            if self._capture is None:
                return None
            there, image = self._capture.read()
            return as_bgr(image) if there else None

    def _position_s(self) -> float | None:
        with self._lock:
            if self._capture is None:
                return None
            position_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            return position_s if math.isfinite(position_s) else None

    def _how_it_ended(self, delivered: int) -> str:
        # Containers state their length within a few frames; only a clear lack is worth a word.
        if math.isfinite(self._expected) and delivered < 0.95 * self._expected - 5:
            return (
                f"end of file, early: {delivered} of {self._expected:.0f} frames could be decoded, "
                "the rest is missing or damaged"
            )
        return "end of file"

    def _release(self) -> None:
        self._first = None
        if self._capture is not None:
            self._capture.release()
            self._capture = None
