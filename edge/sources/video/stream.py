"""A network camera over RTSP or HTTP: live, every wait bounded, reopened when it dies."""

from __future__ import annotations

import os
import socket
import time
from urllib.parse import urlsplit

import cv2
import numpy as np

from edge.errors import SourceError
from edge.settings.sections import CameraSettings
from edge.sources.video.base import LiveSource
from edge.sources.video.http_camera import HttpAnswer
from edge.sources.video.jpeg_frame import of_jpeg
from edge.sources.video.opencv import nominal_fps, open_capture, pixel_aspect
from edge.sources.video.tls import ffmpeg_options, trusted
from edge.system.redaction import shown
from edge.types import Frame

_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
_OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
_FFMPEG = "rtsp_transport;tcp|fpsprobesize;0|analyzeduration;100000"
"""Over TCP a lost packet smears no picture; what a camera describes itself need not be probed:
else one with few key frames takes longer to open than anybody waits."""


class StreamSource(LiveSource):
    """Frames of a URL. RTSP and video over HTTP come by FFMPEG; MJPEG is read by ourselves, and
    an address that gives a single picture is asked for one every `settings.snapshot_interval_s`.

    `settings.open_timeout_s` is for the camera's answer and its first picture,
    `settings.read_timeout_s` for each further one. The first opening is tried once (a mistyped
    URL should say so at once), a stream that delivered and died is opened again. `name` is the
    URL without its secrets.
    """

    what = "stream"

    def __init__(self, target: str, settings: CameraSettings) -> None:
        self.url = urlsplit(target)
        super().__init__(shown(target), settings)
        self._target = target
        self._capture: cv2.VideoCapture | None = None
        self._answer: HttpAnswer | None = None
        self._aspect = 1.0
        self._first_until_s: float | None = None
        self._next_snapshot_s = 0.0

    def _connect(self) -> None:
        began_s = time.monotonic()
        self._first_until_s = began_s + self.settings.open_timeout_s
        if self.url.scheme.startswith("http"):
            try:
                self._answer = HttpAnswer(
                    self._target, self.settings.open_timeout_s, self.settings.ca_file
                )
            except SourceError as error:
                raise SourceError(f"cannot open {self.name}: {error}") from error
            self._next_snapshot_s = began_s
            if self._answer.kind != "other":
                return
            content_type = self._answer.content_type
            self._let_answer_go()
            if content_type in ("text/html", "application/json"):
                raise SourceError(
                    f"cannot open {self.name}: it gives {content_type} and no video; "
                    "check the path of the camera's stream"
                )
        self._open_capture()

    def _open_capture(self) -> None:
        self._must_be_trusted()
        # OpenCV reads this at each opening; a person's own options win.
        if os.environ.get(_OPTIONS, _FFMPEG).startswith(_FFMPEG):
            os.environ[_OPTIONS] = f"{_FFMPEG}|{ffmpeg_options(self.settings.ca_file)}"
        read_s = max(self.settings.read_timeout_s, self.settings.open_timeout_s)
        timeouts = [
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(self.settings.open_timeout_s * 1000),
            cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(read_s * 1000),
        ]  # fmt: skip
        asked_s = time.monotonic()
        capture = open_capture(self._target, cv2.CAP_FFMPEG, timeouts)
        if not capture.isOpened():
            raise SourceError(f"cannot open {self.name}: {self._why_not(asked_s)}")
        if self.url.scheme.startswith("http") and capture.get(cv2.CAP_PROP_FRAME_COUNT) > 0:
            capture.release()
            raise SourceError(
                f"{self.name} is a video file, not a live stream: download it and give the file"
            )
        self._capture = capture
        self._aspect = pixel_aspect(capture)
        self.fps = nominal_fps(capture)

    def _must_be_trusted(self) -> None:
        """FFMPEG checks too, and gives no reason."""
        if self.url.scheme not in ("https", "rtsps"):
            return
        port = self.url.port or _PORTS[self.url.scheme]
        host, wait_s = self.url.hostname or "", self.settings.open_timeout_s
        try:
            trusted(host, port, self.settings.ca_file, wait_s)
        except SourceError as error:
            raise SourceError(f"cannot open {self.name}: {error}") from error
        except OSError:
            raise SourceError(
                f"cannot open {self.name}: {self._why_not(time.monotonic())}"
            ) from None

    def _read(self) -> object:
        if self._answer is not None:
            return self._next_jpeg(self._answer)
        if self._capture is None:
            raise SourceError("it is not open")
        asked_s = time.monotonic()
        there, image = self._capture.read()
        if there:
            return image
        waited_s = time.monotonic() - asked_s
        if waited_s < 0.9 * self.settings.read_timeout_s:
            raise SourceError("the connection ended, or what came is no video")
        raise SourceError(f"no frame came within {waited_s:.0f} s")

    def _next_jpeg(self, answer: HttpAnswer) -> bytes:
        budget_s = self.settings.read_timeout_s
        if self._first_until_s is not None:
            budget_s = max(0.1, self._first_until_s - time.monotonic())
        if answer.kind == "mjpeg":
            data = answer.next_part(budget_s)
        else:
            data = self._snapshot(answer, budget_s)
        self._first_until_s = None
        return data

    def _snapshot(self, answer: HttpAnswer, budget_s: float) -> bytes:
        """The picture that an answer holds; every further one is asked for anew, when it is due."""
        if self._first_until_s is None:
            self._closed.wait(max(0.0, self._next_snapshot_s - time.monotonic()))
            if self._closed.is_set():
                raise SourceError("closed")
            self._next_snapshot_s = time.monotonic()
            answer.close()
            answer = self._answer = HttpAnswer(self._target, budget_s, self.settings.ca_file)
        self._next_snapshot_s += self.settings.snapshot_interval_s
        return answer.whole(budget_s)

    def _framed(self, delivered: object, timestamp_s: float, index: int) -> Frame:
        if isinstance(delivered, bytes):
            return of_jpeg(np.frombuffer(delivered, np.uint8), timestamp_s, index)
        frame = super()._framed(delivered, timestamp_s, index)
        if self._aspect == 1:
            return frame
        return Frame(frame.pixels, timestamp_s, index, pixel_aspect=self._aspect)

    def _why_not(self, asked_s: float) -> str:
        """OpenCV gives no reason, so knock at the port: is anybody there at all?"""
        host = self.url.hostname or ""
        port = self.url.port or _PORTS[self.url.scheme]
        waited_s = time.monotonic() - asked_s
        try:
            socket.create_connection((host, port), self.settings.open_timeout_s).close()
        except socket.gaierror:
            return f"there is no host {host}; check the name and the network"
        except TimeoutError:
            return f"{host} does not answer on port {port}; check that the camera is on"
        except OSError as error:
            return f"{host} port {port}: {error.strerror}; check that the camera serves there"
        if waited_s >= 0.9 * self.settings.open_timeout_s:
            return (
                f"{host} answers on port {port}, but no video came within {waited_s:.0f} s; "
                "check the camera, or give it longer by camera.open_timeout_s"
            )
        return f"{host} answers on port {port}, but refuses; check path, user and password"

    def _let_answer_go(self) -> None:
        if self._answer is not None:
            self._answer.close()
            self._answer = None

    def _release(self) -> None:
        self._let_answer_go()
        if self._capture is not None:
            self._capture.release()
            self._capture = None
