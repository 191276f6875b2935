"""What every source of frames has in common."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edge.errors import SourceError
from edge.pixel_formats import as_bgr
from edge.settings.sections import CameraSettings
from edge.sources.lifecycle import BaseSource, ReconnectingSource
from edge.sources.patience import Patience
from edge.sources.video.frame_budget import FrameBudget
from edge.types import Frame


class BaseFrameSource(BaseSource[Frame]):
    """A source of frames that knows its settings and, once it is open, its `fps`."""

    stills = False

    def __init__(self, name: str, settings: CameraSettings) -> None:
        super().__init__(name, settings)
        self.settings = settings
        self.fps: float | None = None

    def __iter__(self) -> Iterator[Frame]:
        frames = super().__iter__()
        return map(self._turned, frames) if self.settings.rotate else frames

    def _turned(self, frame: Frame) -> Frame:
        """The frame as a camera that hangs askew should have given it."""
        sideways = self.settings.rotate % 180 != 0
        aspect = 1 / frame.pixel_aspect if sideways else frame.pixel_aspect
        return replace(frame, rotation=self.settings.rotate, pixel_aspect=aspect)


class LiveSource(BaseFrameSource, ReconnectingSource[Frame]):
    """A camera or stream: a frame resets the count of failures.

    budget: how long each frame may take
    """

    what = "camera"
    least_s = 1.5
    """The shortest wait for a frame; of a quick camera, a few dozen of its intervals."""

    def __init__(self, name: str, settings: CameraSettings) -> None:
        super().__init__(name, settings)
        self.budget = FrameBudget(settings.open_timeout_s, settings.read_timeout_s, self.least_s)

    @abstractmethod
    def _read(self) -> object:
        """The next image, as the driver gives it; SourceError, with the reason, if none comes."""

    def _produce(self) -> Iterator[Frame]:
        began_s = time.monotonic()
        watch = StaleWatch()
        index = 0
        self.budget.opened(self._own_rate())
        while not self._closed.is_set():
            try:
                frame = self._take(began_s, index)
                if self.reconnects:
                    watch.check(frame.pixels, frame.timestamp_s)
            except SourceError as error:
                if not self._reconnected(str(error)):
                    return
                self.budget.opened(self._own_rate())
                continue
            self._backoff.reset()
            self.budget.came(time.monotonic())
            yield frame
            index += 1

    def _take(self, began_s: float, index: int) -> Frame:
        with self._lock:
            if self._closed.is_set():
                raise SourceError("closed")
            delivered = self._read()
            return self._framed(delivered, time.monotonic() - began_s, index)

    def _own_rate(self) -> float | None:
        """Frames a second, where what the source says of them can be relied on."""
        return self.fps

    def _too_long(self) -> SourceError:
        """What to raise when the next frame did not come within `budget.seconds`."""
        waited_s = self.budget.seconds
        self.budget.exceeded()
        return SourceError(f"no frame came within {waited_s:g} s")

    def _framed(self, delivered: object, timestamp_s: float, index: int) -> Frame:
        """What `_read` gave, as a frame."""
        return Frame(as_bgr(delivered), timestamp_s, index)


class StaleWatch:
    """Notices a driver that goes on delivering one picture after its camera died.

    A sensor's noise changes some bit in every frame; so a picture that stays the same to the
    bit for `FIRST_S` is taken for a dead camera's, and opening it again is worth a try. A
    covered lens or a still test picture looks the same: that is why the patience doubles each
    time, up to ten minutes, and is back at its start with the first picture that differs.
    """

    FIRST_S = 10.0

    def __init__(self) -> None:
        self._patience = Patience(self.FIRST_S)
        self._last = b""

    def check(self, image: NDArray[np.uint8], now_s: float) -> None:
        """Raises SourceError when the picture has been the same for too long."""
        sample = image[::8, ::8].tobytes()
        if sample != self._last:
            self._last = sample
            self._patience.restart()
        if (waited_s := self._patience.over(now_s)) is not None:
            raise SourceError(f"the very same picture came for {waited_s:.0f} s")
