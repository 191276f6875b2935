"""A network camera over RTSP or HTTP (MJPEG): live, every wait bounded, reopened when it dies."""

from __future__ import annotations

import os
import socket
import time
from urllib.parse import urlsplit

import cv2

from edge.errors import SourceError
from edge.settings.sections import CameraSettings
from edge.sources.video.base import LiveSource
from edge.sources.video.opencv import nominal_fps, open_capture
from edge.system.redaction import shown

_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}


class StreamSource(LiveSource):
    """Frames of a URL by FFMPEG; RTSP goes over TCP, so that a lost packet smears no picture.

    The first opening is tried once (a mistyped URL should say so at once), a stream that
    delivered and died is opened again. `name` is the URL without its secrets.
    """

    what = "stream"

    def __init__(self, target: str, settings: CameraSettings) -> None:
        self.url = urlsplit(target)
        super().__init__(shown(target), settings)
        self._target = target
        self._capture: cv2.VideoCapture | None = None

    def _connect(self) -> None:
        # OpenCV reads this at each opening; a person's own options win.
        os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp")
        timeouts = [
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(self.settings.open_timeout_s * 1000),
            cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(self.settings.read_timeout_s * 1000),
        ]  # fmt: skip
        capture = open_capture(self._target, cv2.CAP_FFMPEG, timeouts)
        if not capture.isOpened():
            raise SourceError(f"cannot open {self.name}: {self._why_not()}")
        if self.url.scheme.startswith("http") and capture.get(cv2.CAP_PROP_FRAME_COUNT) > 0:
            capture.release()
            raise SourceError(
                f"{self.name} is a video file, not a live stream: download it and give the file"
            )
        self._capture = capture
        # What OpenCV says of MJPEG's rate is its own guess.
        self.fps = nominal_fps(capture) if self.url.scheme.startswith("rtsp") else None

    def _read(self) -> object:
        if self._capture is None:
            raise SourceError("it is not open")
        asked_s = time.monotonic()
        there, image = self._capture.read()
        if there:
            return image
        if time.monotonic() - asked_s < 0.9 * self.settings.read_timeout_s:
            raise SourceError("the connection was closed")
        raise SourceError(f"no frame came within {self.settings.read_timeout_s:g} s")

    def _why_not(self) -> str:
        """OpenCV gives no reason, so knock at the port: is anybody there at all?"""
        host = self.url.hostname or ""
        port = self.url.port or _PORTS[self.url.scheme]
        try:
            socket.create_connection((host, port), self.settings.open_timeout_s).close()
        except socket.gaierror:
            return f"there is no host {host}; check the name and the network"
        except TimeoutError:
            return f"{host} does not answer on port {port}; check that the camera is on"
        except OSError as error:
            return f"{host} port {port}: {error.strerror}; check that the camera serves there"
        return f"{host} answers on port {port}, but gives no video; check path, user and password"

    def _release(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None
