"""The camera's picture, live, for whoever sets it up: from memory, a few a second, never stored.

Frames are kept only while somebody looks, the latest alone; it is drawn and compressed by the
thread of who looks, so that the frame loop hands over a reference and goes on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge.annotate.draw import drawn

if TYPE_CHECKING:
    from edge.pipeline.face import FrameResult

MAX_VIEWERS = 4
_WIDTH_PX = 640
_QUALITY = 70
_GONE_S = 2.0
"""A picture that is older is no longer shown."""
_LOOKED_S = 5.0
"""Whoever asked for the scene this long ago still looks."""
_DARK, _BRIGHT = 60, 200
_UNCONFIRMED = (160, 160, 160)  # B, G, R


@dataclass(frozen=True, slots=True)
class PreviewInfo:
    """What a person who sets up a camera needs to know of its latest picture.

    brightness:  its mean luma, 0 to 255
    faces:       width in pixels, label and confidence of each that is followed
    unconfirmed: width in pixels of each that was found and is not followed yet
    """

    width: int
    height: int
    brightness: float
    faces: tuple[tuple[int, str, float], ...]
    unconfirmed: tuple[int, ...]

    @property
    def light(self) -> str:
        if self.brightness < _DARK:
            return "too dark: give it light, or let nothing bright stand behind the faces"
        return "too bright: turn it from the light" if self.brightness > _BRIGHT else "good"


class Preview:
    """Takes every frame result from the loop, and gives pictures to threads that ask for them.

    fps: so many pictures a second at most
    """

    def __init__(self, fps: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval_s = 1 / fps
        self._clock = clock
        self._changed = threading.Condition()
        self._compressing = threading.Lock()
        self._viewers = 0
        self._looked_s = self._due_s = self._shown_s = float("-inf")
        self._latest: FrameResult | None = None
        self._number = 0
        self._compressed = (0, b"")
        self._closed = False

    def show(self, frame_result: FrameResult) -> None:
        """From the frame loop: two comparisons where nobody looks or none is due."""
        now_s = self._clock()
        if now_s < self._due_s:
            return
        with self._changed:
            if not self._is_watched(now_s):
                self._latest, self._compressed = None, (0, b"")
                return
            self._shown_s, self._due_s = now_s, now_s + self._interval_s
            self._latest = frame_result
            self._number += 1
            self._changed.notify_all()

    def pictures(self) -> Pictures | None:
        """For one who looks; None where as many do as may."""
        with self._changed:
            if self._closed or self._viewers >= MAX_VIEWERS:
                return None
            self._viewers += 1
        return Pictures(self)

    def scene(self) -> PreviewInfo | None:
        """None while there is no picture; it is asked for by this, and is there the next time."""
        with self._changed:
            self._looked_s = self._clock()
            latest = self._latest if self._is_fresh() else None
        if latest is None:
            return None
        gray = latest.frame.gray
        return PreviewInfo(
            gray.shape[1],
            gray.shape[0],
            float(gray[::4, ::4].mean()),
            tuple(
                (seen.face.width, seen.state.label, seen.state.confidence)
                for seen in latest.observations
            ),
            tuple(face.width for face in latest.unconfirmed),
        )

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._latest, self._compressed = None, (0, b"")
            self._changed.notify_all()

    def after(self, number: int) -> tuple[int, bytes] | None:
        """The next picture's number and JPEG, a grey one where none comes; None once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._number != number, _GONE_S)
            if self._closed:
                return None
            latest = self._latest if self._number != number and self._is_fresh() else None
            number = self._number
        return number, _nothing() if latest is None else self._jpeg(number, latest)

    def leave(self) -> None:
        """One looks no more."""
        with self._changed:
            self._viewers -= 1

    def _jpeg(self, number: int, latest: FrameResult) -> bytes:
        """Compressed once, for all who look."""
        with self._compressing:
            if self._compressed[0] != number:
                image = drawn(latest)
                for face in latest.unconfirmed:
                    corner = (face.x + face.width, face.y + face.height)
                    cv2.rectangle(image, (face.x, face.y), corner, _UNCONFIRMED, 1)
                if image.shape[1] > _WIDTH_PX:
                    height = round(image.shape[0] * _WIDTH_PX / image.shape[1])
                    image = cv2.resize(
                        image, (_WIDTH_PX, height), interpolation=cv2.INTER_AREA
                    ).astype(np.uint8, copy=False)
                data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1]
                self._compressed = (number, data.tobytes())
            return self._compressed[1]

    def _is_watched(self, now_s: float) -> bool:
        return self._viewers > 0 or now_s - self._looked_s < _LOOKED_S

    def _is_fresh(self) -> bool:
        return self._latest is not None and self._clock() - self._shown_s < _GONE_S


class Pictures(Iterator[bytes]):
    """JPEGs as they come, until the preview closes; `close` it in any case."""

    def __init__(self, preview: Preview) -> None:
        self._preview = preview
        self._number = -1
        self._left = False

    def __next__(self) -> bytes:
        found = self._preview.after(self._number)
        if found is None:
            raise StopIteration
        self._number, jpeg = found
        return jpeg

    def close(self) -> None:
        if not self._left:
            self._left = True
            self._preview.leave()


def _nothing() -> bytes:
    image = np.full((120, 160, 3), 128, np.uint8)
    cv2.putText(image, "no picture", (22, 65), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0), 1)
    return cv2.imencode(".jpg", image)[1].tobytes()
