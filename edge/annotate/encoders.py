"""Pictures with their times into a video file: by PyAV where it is installed, else by OpenCV."""

from __future__ import annotations

import errno
import logging
import os
from fractions import Fraction
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.system.native_output import native_path
from edge.system.pip import pip_install

Image = NDArray[np.uint8]

SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi")
_H264 = {"preset": "veryfast", "crf": "23", "bf": "0", "rc-lookahead": "10"}
_VP9 = {"deadline": "realtime", "cpu-used": "8", "crf": "32", "b": "0"}
_FOURCC = {".avi": "MJPG", ".webm": "VP80"}
_CLOCK_HZ = 90_000
_LONGEST_REPEAT_S = 60.0
"""OpenCV's files have one rate: a picture that stays is repeated, and for no longer than this."""

_log = logging.getLogger(__name__)


class VideoEncoder(Protocol):
    """write: one uint8 (H, W, 3) BGR picture, of the size it was opened for, shown from `at_s` on.
    Both raise OSError where the disk refuses.
    """

    def write(self, image: Image, at_s: float) -> None: ...
    def close(self) -> None: ...


def check_name(path: Path) -> None:
    """Raises UsageError for a name that the encoder of such a file cannot take."""
    if path.suffix.lower() == ".avi" or find_spec("av") is None:
        native_path(str(path.absolute()))


def open_encoder(file: Path, name: Path, fps: float, size: tuple[int, int]) -> VideoEncoder:
    """What writes a video into `file`, of the kind that the ending of `name` says.

    fps:  the nominal rate; times are kept by PyAV, and to the nearest frame by OpenCV
    size: width and height, px; odd ones are cut to even
    Raises OSError where there is no encoder for such pictures.
    """
    suffix, (width, height) = name.suffix.lower(), size
    if width < 2 or height < 2:
        raise OSError(errno.EINVAL, f"no video is of {width}x{height} px")
    if suffix != ".avi":
        try:
            av = import_module("av")
        except ImportError:
            _log.warning(
                "%s: without PyAV it is written in a format that some browsers and phones do not"
                " play: %s", name, pip_install("emotion-edge[tracks]"),
            )  # fmt: skip
        else:
            return PyAvEncoder(av, file, suffix, fps, size)
    return OpenCvEncoder(file, suffix, fps, size)


class PyAvEncoder:
    """H.264, or VP9 in .webm, in 4:2:0; each picture has its own time."""

    def __init__(self, av: Any, file: Path, suffix: str, fps: float, size: tuple[int, int]) -> None:
        self._av = av
        self._file = file.open("wb")
        try:
            form = {".mkv": "matroska", ".webm": "webm", ".mov": "mov"}.get(suffix, "mp4")
            self._container = av.open(self._file, "w", format=form)
            codec, options = ("libvpx-vp9", _VP9) if suffix == ".webm" else ("libx264", _H264)
            rate = Fraction(fps).limit_denominator(1001)
            self._stream = self._container.add_stream(codec, rate=rate, options=options)
            self._stream.width, self._stream.height = _even(size)
            self._stream.pix_fmt = "yuv420p"
            self._stream.codec_context.time_base = Fraction(1, _CLOCK_HZ)
        except av.FFmpegError as error:
            self._file.close()
            raise OSError(error.errno, error.strerror) from error
        self._latest = -1

    def write(self, image: Image, at_s: float) -> None:
        width, height = self._stream.width, self._stream.height
        even = np.ascontiguousarray(image[:height, :width])
        frame = self._av.VideoFrame.from_ndarray(even, format="bgr24")
        self._latest = max(self._latest + 1, round(at_s * _CLOCK_HZ))
        frame.pts, frame.time_base = self._latest, Fraction(1, _CLOCK_HZ)
        self._mux(frame)

    def close(self) -> None:
        try:
            self._mux(None)
            self._container.close()
        except self._av.FFmpegError as error:
            raise OSError(error.errno, error.strerror) from error
        finally:
            self._file.close()

    def _mux(self, frame: Any) -> None:
        try:
            for packet in self._stream.encode(frame):
                self._container.mux(packet)
        except self._av.FFmpegError as error:
            raise OSError(error.errno, error.strerror) from error


class OpenCvEncoder:
    """One rate for the whole file: a picture is repeated until the next one's time."""

    def __init__(self, file: Path, suffix: str, fps: float, size: tuple[int, int]) -> None:
        # OpenCV goes by the ending; the file beside has another.
        self._file = file
        self._named = file.with_name(file.name + suffix)
        self._fps, self._written = fps, 0
        self._latest: Image | None = None
        fourcc = cv2.VideoWriter.fourcc(*_FOURCC.get(suffix, "mp4v"))
        self._writer = cv2.VideoWriter(str(self._named.absolute()), fourcc, fps, size)
        if not self._writer.isOpened():
            self._named.unlink(missing_ok=True)
            raise OSError(errno.EINVAL, f"no video of {size[0]}x{size[1]} px can be begun there")

    def write(self, image: Image, at_s: float) -> None:
        due = round(at_s * self._fps)
        if due < self._written - 1:  # faster than the file's rate: this one is between two
            self._latest = image
            return
        repeats = min(due - self._written, round(_LONGEST_REPEAT_S * self._fps))
        if self._latest is not None:
            for _ in range(repeats):
                self._put(self._latest)
        self._latest = image
        self._put(image)

    def close(self) -> None:
        self._writer.release()
        try:
            # OpenCV does not say when its writes fail: count what can be read back.
            film = cv2.VideoCapture(str(self._named.absolute()))
            kept = int(film.get(cv2.CAP_PROP_FRAME_COUNT)) if film.isOpened() else 0
            film.release()
            if kept < self._written:
                lack = _why_less(self._file)
                raise OSError(lack, f"{os.strerror(lack)}, {kept} of {self._written} frames kept")
            self._named.replace(self._file)
        finally:
            self._named.unlink(missing_ok=True)

    def _put(self, image: Image) -> None:
        self._writer.write(image)
        self._written += 1


def _why_less(file: Path) -> int:
    """The error that fits a file which has less in it than was written."""
    disk = os.statvfs(file.parent)
    return errno.ENOSPC if disk.f_bavail * disk.f_frsize < 1 << 20 else errno.EIO


def _even(size: tuple[int, int]) -> tuple[int, int]:
    return size[0] & ~1, size[1] & ~1
