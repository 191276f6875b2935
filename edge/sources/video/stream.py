"""A network camera over RTSP or HTTP: live, every wait bounded, reopened when it dies."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import numpy as np

from edge.errors import SourceError
from edge.settings.sections import CameraSettings
from edge.sources.video.base import LiveSource
from edge.sources.video.ffmpeg_stream import FfmpegStream, StreamReader
from edge.sources.video.http_camera import HttpAnswer
from edge.sources.video.image_size import too_many
from edge.sources.video.jpeg_frame import of_jpeg
from edge.sources.video.picture_kinds import HEAD_BYTES, is_animation, kind_of
from edge.sources.video.tls import ffmpeg_options, trusted
from edge.sources.video.unreachable import PORTS, why_not
from edge.system.redaction import shown
from edge.types import Frame

_WAKE_S = 0.25
"""How often a wait looks whether the source was closed."""


class StreamSource(LiveSource):
    """Frames of a URL. RTSP and video over HTTP come by FFMPEG; MJPEG is read by ourselves, and
    an address that gives a single picture is asked for one every `settings.snapshot_interval_s`.

    `settings.open_timeout_s` is for the camera's answer and its first picture,
    `settings.read_timeout_s` for each further one. The first opening is tried once (a mistyped
    URL should say so at once), a stream that delivered and died is opened again. `name` is the
    URL without its secrets.
    """

    what = "stream"
    least_s = 2.0
    """Longer than TCP takes to send three times again what was lost."""

    def __init__(self, target: str, settings: CameraSettings) -> None:
        self.url = urlsplit(target)
        super().__init__(shown(target), settings)
        self._target = target
        self._reader: StreamReader | None = None
        self._answer: HttpAnswer | None = None
        self._first: object = None
        self._aspect = 1.0
        self._asked_s = self._next_snapshot_s = 0.0

    def _connect(self) -> None:
        self._aspect = 1.0
        if not self.url.scheme.startswith("http"):
            self._start_reader()
            return
        self._asked_s = self._next_snapshot_s = time.monotonic()
        try:
            answer = HttpAnswer(self._target, self.settings.open_timeout_s, self.settings.ca_file)
        except SourceError as error:
            raise SourceError(f"cannot open {self.name}: {error}") from error
        self._answer = answer
        if answer.kind == "picture":
            self._first = self._first_snapshot(answer)
        elif answer.kind == "other":
            self._let_answer_go()
            self._start_video(answer)

    def _start_video(self, answer: HttpAnswer) -> None:
        """What is neither MJPEG nor a picture; `answer` is closed by now."""
        if answer.content_type in ("text/html", "application/json"):
            raise SourceError(
                f"cannot open {self.name}: it gives {answer.content_type} and no video; "
                "check the path of the camera's stream"
            )
        if self._start_reader().frames > 0 and answer.has_end:
            raise SourceError(
                f"{self.name} is a video file, not a live stream: download it and give the file"
            )

    def _first_snapshot(self, answer: HttpAnswer) -> bytes:
        try:
            data = answer.whole(self._left_s())
        except (TimeoutError, SourceError) as error:
            wait_s = self.settings.open_timeout_s
            why = str(error) or f"no picture came within {wait_s:g} s"
            raise SourceError(f"cannot open {self.name}: {why}") from error
        if is_animation(data, kind_of(data[:HEAD_BYTES]) or ""):
            raise SourceError(
                f"{self.name} is an animation, not a live stream: download it and give the file"
            )
        self._next_snapshot_s += self.settings.snapshot_interval_s
        return data

    def _left_s(self) -> float:
        """For the first picture: the camera's answer has had some of it."""
        return max(0.1, self._asked_s + self.settings.open_timeout_s - time.monotonic())

    def _start_reader(self) -> FfmpegStream:
        """Returns with the first image."""
        self._must_be_trusted()
        budget_s, asked_s = self.settings.open_timeout_s, time.monotonic()
        self._reader = reader = StreamReader(
            self._target,
            budget_s,
            ffmpeg_options(self.settings.ca_file),
            self.settings.max_megapixels,
        )
        self._first = self._next_image(reader, budget_s)
        if self._first is None or reader.stream is None:
            refused = reader.stream.refused if reader.stream else ""
            reason = refused or why_not(self.url, time.monotonic() - asked_s, budget_s)
            raise SourceError(f"cannot open {self.name}: {reason}")
        self.fps, self._aspect = reader.stream.fps, reader.stream.pixel_aspect
        return reader.stream

    def _must_be_trusted(self) -> None:
        """FFMPEG checks too, and gives no reason."""
        if self.url.scheme not in ("https", "rtsps"):
            return
        port = self.url.port or PORTS[self.url.scheme]
        host, wait_s = self.url.hostname or "", self.settings.open_timeout_s
        try:
            trusted(host, port, self.settings.ca_file, wait_s)
        except SourceError as error:
            raise SourceError(f"cannot open {self.name}: {error}") from error
        except OSError:
            raise SourceError(
                f"cannot open {self.name}: {why_not(self.url, 0.0, wait_s)}"
            ) from None

    def _read(self) -> object:
        image, self._first = self._first, None
        if image is not None:
            return image
        if self._answer is not None:
            return self._next_jpeg(self._answer)
        if self._reader is None:
            raise SourceError("it is not open")
        image = self._next_image(self._reader, self.budget.seconds)
        if image is None:
            if self._reader.ended:
                raise SourceError("the connection ended, or what came is no video")
            raise self._too_long()
        return image

    def _next_image(self, reader: StreamReader, wait_s: float) -> object:
        """None where none comes in that time, or before the stream or this source ends."""
        until_s = time.monotonic() + wait_s
        while not self._closed.is_set() and (left_s := until_s - time.monotonic()) > 0:
            image = reader.next(min(left_s, _WAKE_S))
            if image is not None or reader.ended:
                return image
        return None

    def _next_jpeg(self, answer: HttpAnswer) -> bytes:
        wait_s = self._left_s() if self.budget.is_first else self.budget.seconds
        try:
            return answer.next_part(wait_s) if answer.kind == "mjpeg" else self._snapshot(answer)
        except TimeoutError:
            raise self._too_long() from None

    def _snapshot(self, answer: HttpAnswer) -> bytes:
        """The next picture, requested when it is due."""
        budget_s = self.settings.read_timeout_s
        self._closed.wait(max(0.0, self._next_snapshot_s - time.monotonic()))
        if self._closed.is_set():
            raise SourceError("closed")
        self._next_snapshot_s = time.monotonic() + self.settings.snapshot_interval_s
        answer.close()
        answer = self._answer = HttpAnswer(self._target, budget_s, self.settings.ca_file)
        return answer.whole(budget_s)

    def _own_rate(self) -> float | None:
        return None  # a stream may say anything

    def _framed(self, delivered: object, timestamp_s: float, index: int) -> Frame:
        if isinstance(delivered, bytes):
            data = np.frombuffer(delivered, np.uint8)
            return of_jpeg(data, timestamp_s, index, self.settings.max_megapixels)
        frame = super()._framed(delivered, timestamp_s, index)
        height, width = frame.pixels.shape[:2]
        if reason := too_many(width, height, self.settings.max_megapixels):
            raise SourceError(f"it delivered a picture that is too large: {reason}")
        if self._aspect == 1:
            return frame
        return Frame(frame.pixels, timestamp_s, index, pixel_aspect=self._aspect)

    def _let_answer_go(self) -> None:
        if self._answer is not None:
            self._answer.close()
            self._answer = None

    def _release(self) -> None:
        self._let_answer_go()
        self._first = None
        if self._reader is not None:
            self._reader.leave()
            self._reader = None
