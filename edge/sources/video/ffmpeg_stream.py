"""A stream by OpenCV's FFMPEG, opened and read in a thread of its own.

FFMPEG's waits can be neither interrupted nor shortened once it is open; in a thread they hold up
nobody, and one that has waited too long is left to itself.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import cv2

from edge.errors import SourceError
from edge.sources.capture import CaptureThread
from edge.sources.video.image_size import too_many
from edge.sources.video.opencv import (
    capture_options,
    nominal_fps,
    open_capture,
    picture_size,
    pixel_aspect,
    read_image,
)

_THOROUGH = "rtsp_transport;tcp|fpsprobesize;0|analyzeduration;100000"
"""Over TCP a lost packet smears no picture; what a camera describes itself need not be probed:
else one with few key frames takes longer to open than anybody waits."""
_QUICK = f"{_THOROUGH}|probesize;32"
"""One packet tells enough, where it is of the picture and not of the sound: of a camera that gives
a frame in 5 s the thorough way needs four."""
_THREADS = 2
"""A picture comes out when each further decoding thread has another one: that much later."""
_LEAVE_S = 0.5


class FfmpegStream:
    """Iterates images of a stream as OpenCV gives them; at `with` it opens, to its first image.

    fps:          nominal frames a second, None where it does not say
    pixel_aspect: a pixel's width over its height
    frames:       how many there are, as a file says; 0 or less of a live stream
    refused:      why its pictures are not decoded, "" where they are
    Raises SourceError where nothing comes.
    """

    def __init__(self, target: str, timeout_s: float, options: str, megapixels: float) -> None:
        """timeout_s: the longest that FFMPEG waits for anything; options: further ones of its;
        megapixels: the most that a picture may have"""
        self.fps: float | None = None
        self.pixel_aspect = 1.0
        self.frames = 0.0
        self.refused = ""
        self._megapixels = megapixels
        self._target, self._options = target, options
        self._timeout_ms = round(timeout_s * 1000)
        self._capture: cv2.VideoCapture | None = None
        self._first: object = None

    def __enter__(self) -> Self:
        ways = (_QUICK, _THOROUGH) if self._target.startswith("rtsp") else (_THOROUGH,)
        until_s = time.monotonic() + 0.9 * self._timeout_ms / 1000
        for way in ways:
            self._open(way)
            if self._first is not None or self.refused:
                return self
            self._release()
            if time.monotonic() > until_s:
                break
        raise SourceError("no video came")

    def _open(self, way: str) -> None:
        timeouts = [
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, self._timeout_ms,
            cv2.CAP_PROP_READ_TIMEOUT_MSEC, self._timeout_ms,
            cv2.CAP_PROP_N_THREADS, _THREADS,
        ]  # fmt: skip
        with capture_options(f"{way}|{self._options}"):
            capture = open_capture(self._target, cv2.CAP_FFMPEG, timeouts)
        if capture.isOpened():
            self._capture = capture
            self.fps, self.pixel_aspect = nominal_fps(capture), pixel_aspect(capture)
            self.frames = capture.get(cv2.CAP_PROP_FRAME_COUNT)
            self.refused = too_many(*picture_size(capture), self._megapixels)
            self._first = None if self.refused else read_image(capture)

    def __iter__(self) -> Iterator[object]:
        image, self._first = self._first, None
        while image is not None and self._capture is not None:
            yield image
            image = read_image(self._capture)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._release()

    def _release(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None


class StreamReader:
    """A thread that opens a stream and reads it; the newest image waits.

    stream: what is known of it; None before its first image
    """

    def __init__(self, target: str, timeout_s: float, options: str, megapixels: float) -> None:
        self._thread = CaptureThread[object](
            lambda: FfmpegStream(target, timeout_s, options, megapixels)
        )

    @property
    def stream(self) -> FfmpegStream | None:
        source: FfmpegStream | None = self._thread.source
        return source

    @property
    def ended(self) -> bool:
        return self._thread.queue.exhausted

    def next(self, wait_s: float) -> object:
        """The next image; None where none comes in that time, or before the stream ends."""
        return self._thread.queue.take(wait_s)

    def leave(self) -> None:
        """Let it close by itself, when FFMPEG returns."""
        self._thread.leave(_LEAVE_S)
