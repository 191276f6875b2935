"""What every source has in common, and what every live one has besides: it comes back to life."""

from __future__ import annotations

import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from edge.errors import EdgeError, SourceError
from edge.settings import CameraSettings
from edge.sources.frames import as_bgr
from edge.types import Frame

MAX_RETRY_DELAY_S = 30.0
CLOSE_MARGIN_S = 2.0

_log = logging.getLogger(__name__)


class FrameSource(ABC):
    """The life of a source: open at `with`, iterate once, end with a reason, close.

    `close` may be called from another thread: it lets a read in progress finish (each is
    bounded), wakes a source that waits to try again, and the iteration ends.
    """

    live = False
    stills = False

    def __init__(self, name: str, settings: CameraSettings) -> None:
        self.name = name
        self.settings = settings
        self.fps: float | None = None
        self.ended: str | None = None
        self.failed = False
        self._frames: Iterator[Frame] | None = None
        self._closed = threading.Event()
        self._lock = threading.RLock()

    def __enter__(self) -> Self:
        if self._frames is not None:
            raise SourceError(f"{self.name} is open already: use one `with` at a time")
        self._closed.clear()
        self.ended, self.failed = None, False
        try:
            self._open()
        except BaseException as error:
            self._end(str(error), failed=True)
            self.close()
            raise
        self._frames = self._guarded()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Frame]:
        if self._frames is None:
            raise SourceError(f"{self.name} is not open: iterate it inside its `with`")
        return self._frames

    def close(self) -> None:
        """Let go of the device or file; a second call does nothing.

        A driver that hangs in a read beyond every time limit is left behind, with a warning.
        """
        self._closed.set()
        limit_s = self.settings.open_timeout_s + self.settings.read_timeout_s + CLOSE_MARGIN_S
        if self._lock.acquire(timeout=limit_s):
            try:
                self._release()
            finally:
                self._lock.release()
        else:
            _log.warning("%s hangs in its driver: it was left open", self.name)
        self._frames = None
        self._end("closed")

    def _guarded(self) -> Iterator[Frame]:
        try:
            yield from self._produce()
        except EdgeError as error:
            self._end(str(error), failed=True)
            raise

    def _end(self, reason: str, *, failed: bool = False) -> None:
        """The first reason counts."""
        if self.ended is None:
            self.ended, self.failed = reason, failed

    @abstractmethod
    def _open(self) -> None:
        """Get ready to deliver, or raise an EdgeError that says why not."""

    @abstractmethod
    def _produce(self) -> Iterator[Frame]:
        """Deliver; before returning, say why by `_end`."""

    def _release(self) -> None:  # noqa: B027 - optional: a folder of pictures holds nothing open
        """Let go of what `_open` took; harmless when repeated."""


class LiveSource(FrameSource):
    """A camera or stream: what dies is opened again, each wait twice the last, up to 30 s.

    `settings.retries` failures in a row end it; a frame in between starts the count anew.
    """

    live = True
    what = "camera"

    def __init__(self, name: str, settings: CameraSettings) -> None:
        super().__init__(name, settings)
        self._failures = 0

    @abstractmethod
    def _connect(self) -> None:
        """Open the device, or raise an EdgeError that says why not."""

    @abstractmethod
    def _read(self) -> object:
        """The next image, as the driver gives it; SourceError, with the reason, if none comes."""

    def _open(self) -> None:
        self._failures = 0
        self._connect()

    def _produce(self) -> Iterator[Frame]:
        began_s = time.monotonic()
        watch = StaleWatch()
        index = 0
        while not self._closed.is_set():
            try:
                frame = self._take(began_s, index)
                if self.settings.retries:
                    watch.check(frame.pixels, frame.timestamp_s)
            except SourceError as error:
                if not self._revived(str(error)):
                    return
                continue
            self._failures = 0
            yield frame
            index += 1

    def _take(self, began_s: float, index: int) -> Frame:
        with self._lock:
            if self._closed.is_set():
                raise SourceError("closed")
            delivered = self._read()
            return self._framed(delivered, time.monotonic() - began_s, index)

    def _framed(self, delivered: object, timestamp_s: float, index: int) -> Frame:
        """What `_read` gave, as a frame."""
        return Frame(as_bgr(delivered), timestamp_s, index)

    def _revived(self, reason: str) -> bool:
        """Try to open it again until it opens (True), is closed, or has failed too often."""
        with self._lock:
            self._release()
        while not self._closed.is_set():
            if self._failures >= self.settings.retries:
                self._end(f"{self.what} died: {reason}{self._tried()}", failed=True)
                return False
            delay_s = retry_delay_s(self._failures, self.settings.retry_delay_s)
            self._failures += 1
            _log.warning(
                "%s: %s; opening it again in %.1f s (try %d of %d)",
                self.name, reason, delay_s, self._failures, self.settings.retries,
            )  # fmt: skip
            self._closed.wait(delay_s)
            try:
                with self._lock:
                    if not self._closed.is_set():
                        self._connect()
                        return True
            except EdgeError as error:
                reason = str(error)
        return False

    def _tried(self) -> str:
        return f" ({self._failures} tries to open it again failed)" if self._failures else ""


def retry_delay_s(failures: int, first_s: float) -> float:
    """The wait after so many failures in a row: first_s, doubled each time, 30 s at most."""
    return min(first_s * 2.0 ** min(failures, 16), max(first_s, MAX_RETRY_DELAY_S))


class StaleWatch:
    """Notices a driver that goes on delivering one picture after its camera died.

    A sensor's noise changes some bit in every frame; so a picture that stays the same to the
    bit for `patience_s` is taken for a dead camera's, and opening it again is worth a try. A
    covered lens or a still test picture looks the same: that is why the patience doubles each
    time, up to ten minutes, and starts anew with the first picture that differs.
    """

    FIRST_S = 10.0
    LAST_S = 600.0

    def __init__(self) -> None:
        self._patience_s = self.FIRST_S
        self._last = b""
        self._since_s = 0.0

    def check(self, image: NDArray[np.uint8], now_s: float) -> None:
        """Raises SourceError when the picture has been the same for too long."""
        sample = image[::8, ::8].tobytes()
        if sample != self._last:
            self._last, self._since_s, self._patience_s = sample, now_s, self.FIRST_S
        elif now_s - self._since_s >= self._patience_s:
            waited_s = self._patience_s
            self._patience_s = min(2 * waited_s, self.LAST_S)
            self._since_s = now_s
            raise SourceError(f"the very same picture came for {waited_s:.0f} s")
