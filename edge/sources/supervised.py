"""A camera and a microphone, supervised: how each is opened, and when it counts as dead."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import cast

import numpy as np

from edge.errors import MissingDeviceError, SourceError
from edge.health.part import Part
from edge.health.report import Health
from edge.settings.sections import CameraSettings, MicSettings, ServiceSettings, Settings
from edge.sources import Source
from edge.sources.audio.conditioning import SoundHealth
from edge.sources.lifecycle import ReconnectingSource
from edge.sources.patience import Patience
from edge.sources.supervisor import Item, SourceSpec, SupervisedSource
from edge.sources.video import open_source
from edge.sources.video.base import LiveSource, StaleWatch
from edge.sources.video.frame_budget import FrameBudget
from edge.sources.video.spec import parse
from edge.types import AudioChunk, Frame

_LIVE = ("auto", "camera", "picamera", "stream")


def is_live(camera: str) -> bool:
    """Whether a `--camera` names something that can come back; a file ends once and for all."""
    return parse(camera).kind in _LIVE


class SupervisedCamera(SupervisedSource[Frame]):
    """A camera or stream that is waited for, and opened again when it dies or stands still."""

    def __init__(self, settings: CameraSettings, service: ServiceSettings, part: Part) -> None:
        watch = StaleWatch()
        address = settings.source.get_secret_value()
        budget: FrameBudget | None = None

        def begin() -> Source[Frame]:
            nonlocal budget
            source = _once(open_source(address, settings=settings))
            if isinstance(source, LiveSource):  # what one opening learns, the next one knows
                budget = source.budget = budget or source.budget
            return source

        def placed(frame: Frame, timestamp_s: float, index: int) -> Frame:
            return replace(frame, timestamp_s=timestamp_s, index=index)

        def check(frame: Frame) -> None:
            watch.check(frame.pixels, time.monotonic())

        spec = SourceSpec(
            str(settings.source), begin, placed, check, open_s=settings.open_timeout_s
        )
        super().__init__(spec, service, part)


class SupervisedMicrophone(SupervisedSource[AudioChunk]):
    """A microphone that is waited for, and opened again when it dies or gives only zeros."""

    def __init__(self, settings: MicSettings, service: ServiceSettings, part: Part) -> None:
        watch = ZeroWatch()

        def begin() -> Source[AudioChunk]:
            from edge.sources.audio import open_sound

            source = open_sound(settings.source, settings)
            if source is None:
                raise MissingDeviceError("the settings name no microphone")
            return _once(source)

        def placed(chunk: AudioChunk, timestamp_s: float, index: int) -> AudioChunk:
            return replace(chunk, timestamp_s=timestamp_s)

        def check(chunk: AudioChunk) -> None:
            watch.check(chunk, time.monotonic())

        blocks = max(2, round(settings.buffer_s / settings.block_s))
        super().__init__(SourceSpec(settings.source, begin, placed, check, blocks), service, part)

    @property
    def silent(self) -> bool:
        return bool(self.source is not None and self.source.silent)

    @property
    def health(self) -> SoundHealth:
        """The latest opening's."""
        if self.source is None:
            return SoundHealth()
        found = cast(SoundHealth, self.source.health)
        return replace(found, overruns=found.overruns + self.dropped)


def _once(source: Source[Item]) -> Source[Item]:
    """Without its own attempts to open again: the waits between them are the supervisor's."""
    if isinstance(source, ReconnectingSource):
        source.reconnects = False
    return source


class ZeroWatch:
    """Notices a microphone that gives nothing but zeros: its driver may be dead.

    A muted one looks the same, so each new opening is given twice as long, up to ten minutes.
    """

    FIRST_S = 30.0

    def __init__(self) -> None:
        self._patience = Patience(self.FIRST_S)

    def check(self, chunk: AudioChunk, now_s: float) -> None:
        """Raises SourceError when there were only zeros for too long."""
        if np.any(chunk.samples):
            self._patience.restart()
        elif (waited_s := self._patience.over(now_s)) is not None:
            raise SourceError(f"nothing but zeros came for {waited_s:.0f} s: is it muted?")


def camera(settings: Settings, health: Health) -> SupervisedCamera | None:
    """The camera under supervision; None for a file, which ends once and for all."""
    if not is_live(settings.camera.source.get_secret_value()):
        return None
    return SupervisedCamera(settings.camera, settings.service, health.part("camera"))


def microphone(settings: Settings, health: Health) -> SupervisedMicrophone | None:
    """As `camera`."""
    from edge.sources.audio import open_sound

    source = open_sound(settings.mic.source, settings.mic)
    if source is None or not source.live or settings.mic.source == "synthetic":
        return None
    return SupervisedMicrophone(settings.mic, settings.service, health.part("microphone"))
