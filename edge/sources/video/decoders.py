"""A video file's frames, by OpenCV or by PyAV."""

from __future__ import annotations

import math
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import SourceError
from edge.pixel_formats import as_bgr
from edge.sources.video.opencv import (
    MAX_FPS,
    fourcc,
    nominal_fps,
    open_capture,
    picture_size,
    pixel_aspect,
    plausible_aspect,
    read_image,
)

Image = NDArray[np.uint8]

BREAKS_INTERLACED = tuple(map(int, cv2.__version__.split(".")[:2])) >= (4, 13)
"""OpenCV 4.13 and 4.14 give black or stale pictures where frames are interlaced."""

_MAX_DAMAGED_IN_A_ROW = 300
_THREADS = 2
"""One more than decodes now decodes ahead; each further one holds pictures of its own, some MB."""
_ATTACHED_PIC = 0x400
"""FFmpeg's AV_DISPOSITION_ATTACHED_PIC."""


class Decoder(Protocol):
    """An open file.

    fps:          nominal frames a second, None where it does not say
    frames:       how many there are to be, as the container says; 0 where it does not
    size:         a picture's width and height, px; 0, 0 where they are not known yet
    pixel_aspect: a pixel's width over its height
    codec:        its name or four letters, "" where it is not known
    damaged:      frames so far that could not be decoded
    read:         the next frame, uint8 (H, W, 3) BGR and upright; None at the end
    position_s:   when the last one read is shown, None where it has no time
    """

    fps: float | None
    frames: float
    size: tuple[int, int]
    pixel_aspect: float
    codec: str
    damaged: int

    def read(self) -> Image | None: ...
    def position_s(self) -> float | None: ...
    def close(self) -> None: ...


class OpenCvDecoder:
    """By OpenCV's FFMPEG, whatever its pictures' size.

    Raises SourceError for a file that it cannot open.
    """

    def __init__(self, path: Path, megapixels: float) -> None:
        # An absolute path, because FFMPEG takes "a:b.mp4" for a protocol named a.
        options = (cv2.CAP_PROP_N_THREADS, _THREADS)
        self._capture = open_capture(str(path.absolute()), cv2.CAP_FFMPEG, options)
        if not self._capture.isOpened():
            raise SourceError("it is no video, or damaged at its beginning")
        self.fps = nominal_fps(self._capture)
        self.size = picture_size(self._capture)
        self.pixel_aspect = pixel_aspect(self._capture)
        self.codec = fourcc(self._capture)
        frames = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self.frames = frames if math.isfinite(frames) else 0.0
        self.damaged = self._delivered = 0

    def read(self) -> Image | None:
        """OpenCV answers False to a damaged frame and to the end alike; the length the container
        states tells how far it is worth asking on.
        """
        for failed in range(_MAX_DAMAGED_IN_A_ROW):
            image = read_image(self._capture)
            if image is not None:
                self._delivered += 1
                self.damaged += failed
                return as_bgr(image)
            if not self._delivered + self.damaged + failed + 1 < self.frames:
                return None
        return None

    def position_s(self) -> float | None:
        position_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        return position_s if math.isfinite(position_s) else None

    def close(self) -> None:
        self._capture.release()


class PyAvDecoder:
    """By PyAV, pictures of `megapixels` at most.

    Raises ImportError where it is not installed, SourceError likewise.
    """

    def __init__(self, path: Path, megapixels: float) -> None:
        self._av: Any = import_module("av")
        self._file = path.open("rb")
        bounds = {"max_pixels": str(round(1e6 * megapixels))}
        try:
            self._container = self._av.open(
                self._file, "r", options=bounds, metadata_errors="replace"
            )
            # A damaged one has no codec. Where a picture moves, the cover is not what is meant.
            streams = [one for one in self._container.streams.video if one.codec_context]
            moving = [one for one in streams if not _is_cover(one)]
            self._stream = (moving or streams)[0]
        except (self._av.FFmpegError, IndexError) as error:
            self._file.close()
            raise SourceError("it is no video, or damaged at its beginning") from error
        self._stream.thread_type = "AUTO"
        self._stream.codec_context.thread_count = _THREADS
        self._stream.codec_context.options = bounds
        rate = float(self._stream.average_rate or self._stream.guessed_rate or 0)
        self.fps = rate if 0 < rate <= MAX_FPS else None
        self.frames = float(self._stream.frames)
        self.size = (self._stream.codec_context.width, self._stream.codec_context.height)
        self.pixel_aspect = plausible_aspect(self._stream.sample_aspect_ratio or 1)
        self.codec = str(self._stream.codec_context.name)
        self.damaged = 0
        self._frames = self._decoded()
        self._at_s: float | None = None

    def read(self) -> Image | None:
        frame = next(self._frames, None)
        if frame is None:
            return None
        self._at_s = frame.time
        turns = round(getattr(frame, "rotation", 0) / 90) % 4
        image: Image = frame.to_ndarray(format="bgr24")
        if turns % 2:
            self.pixel_aspect = 1 / plausible_aspect(self._stream.sample_aspect_ratio or 1)
        return np.ascontiguousarray(np.rot90(image, turns)) if turns else image

    def position_s(self) -> float | None:
        return self._at_s

    def close(self) -> None:
        self._frames = iter(())
        self._container.close()
        self._file.close()

    def _decoded(self) -> Iterator[Any]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
                frames = packet.decode() if packet is not None else None
            except self._av.EOFError:
                return
            except self._av.FFmpegError:
                self.damaged += 1
                if self.damaged > _MAX_DAMAGED_IN_A_ROW:
                    return
                continue
            if frames is None:
                return
            yield from frames


def _is_cover(stream: Any) -> bool:
    return bool(int(getattr(stream, "disposition", 0)) & _ATTACHED_PIC)
