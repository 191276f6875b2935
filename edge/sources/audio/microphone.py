"""A microphone by PortAudio: live, in callback mode, opened again when it dies."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import EdgeError, SourceError
from edge.settings.sections import MicSettings
from edge.sources.audio.conditioning import (
    SAMPLE_RATE_HZ,
    AudioNormalizer,
    SampleClock,
    SoundHealth,
    ZeroWatch,
)
from edge.sources.audio.portaudio import (
    Microphone,
    bounded,
    choose,
    import_pyaudio,
    microphones,
    started,
)
from edge.sources.lifecycle import ReconnectingSource
from edge.sources.newest_wins import NewestWinsQueue
from edge.system.native_output import suppress_c_stderr
from edge.types import AudioChunk

# PortAudio's words for "not in this shape": the next one is tried.
_WRONG_SHAPE = {-9998, -9997, -9994}  # channels, rate, format
_UNAVAILABLE = -9985

_LOOK_S = 0.25
"""How often, while no sound comes, it is asked whether the stream is still there."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Block:
    """What one call of the sound card's thread delivers.

    data:       interleaved samples, as the device gives them
    arrived_s:  when it came, on the monotonic clock
    number:     0, 1, 2 …: where one is missing, sound is lost
    overflowed: the device says that it lost sound before this block
    """

    data: bytes
    arrived_s: float
    number: int
    overflowed: bool


@dataclass(frozen=True, slots=True)
class _Recording:
    """A stream that runs."""

    parts: ExitStack
    stream: Any
    microphone: Microphone
    channels: int
    sample_rate_hz: int

    def active(self) -> bool:
        try:
            return bool(self.stream.is_active())
        except OSError:  # PortAudio has given the stream up
            return False

    def close(self) -> None:
        self.parts.close()


class MicrophoneSource(ReconnectingSource[AudioChunk]):
    """Chunks of one block each, as they come, mono at 16 kHz.

    The device is asked for 16 kHz mono (or `settings.device_rate_hz`) and, where it cannot, for
    its own rate and channels, which are resampled and mixed. `name` is the device's, once it is
    open. A server or device that dies, or falls silent for `settings.read_timeout_s`, is opened
    again; so is one that was unplugged. `health` counts what was lost and wrong; `silent` is
    True while nothing but zeros come.
    """

    what = "microphone"

    def __init__(self, target: str, settings: MicSettings) -> None:
        super().__init__(target, settings)
        self.settings = settings
        self.health = SoundHealth()
        self._target = target
        self._recording: _Recording | None = None
        self._blocks: NewestWinsQueue[Block] = NewestWinsQueue(1)
        self._expected = 0
        self._conditioner: AudioNormalizer | None = None
        self._zeros = ZeroWatch(target)

    @property
    def silent(self) -> bool:
        return self._zeros.silent

    def _open(self) -> None:
        self.health = SoundHealth()
        super()._open()

    def _connect(self) -> None:
        capacity = max(2, round(self.settings.buffer_s / self.settings.block_s))
        blocks: NewestWinsQueue[Block] = NewestWinsQueue(capacity)
        recording = bounded(
            lambda: _record(self._target, self.settings, blocks),
            self.settings.open_timeout_s,
            _Recording.close,
        )
        self._recording, self._blocks, self._expected = recording, blocks, 0
        self.name = recording.microphone.name
        self._zeros = ZeroWatch(self.name)
        self._conditioner = AudioNormalizer(
            recording.sample_rate_hz, self.health, self.settings.channel
        )

    def _produce(self) -> Iterator[AudioChunk]:
        began_s = time.monotonic()
        clock = SampleClock()
        with suppress_c_stderr():  # PortAudio says of a server's death what we say better
            while not self._closed.is_set():
                try:
                    mono, arrived_s = self._received(self._take(), clock)
                except SourceError as error:
                    clock.restart()
                    if not self._reconnected(str(error)):
                        return
                    continue
                self._backoff.reset()
                if not len(mono):  # a resampler gathers some before it gives any
                    continue
                start_s = clock.stamp(len(mono), arrived_s - began_s)
                self._zeros.check(mono, start_s)
                yield AudioChunk(mono, SAMPLE_RATE_HZ, start_s)

    def _take(self) -> Block:
        limit_s = self.settings.read_timeout_s
        until_s = time.monotonic() + limit_s
        while True:
            block = self._blocks.take(min(_LOOK_S, limit_s))
            if block is not None:
                return block
            if self._recording is None or self._closed.is_set():
                raise SourceError("closed")
            if not self._recording.active():
                raise SourceError("its sound server or the device itself is gone (unplugged?)")
            if time.monotonic() >= until_s:
                raise SourceError(f"no sound came within {limit_s:g} s")

    def _received(self, block: Block, clock: SampleClock) -> tuple[NDArray[np.float32], float]:
        """The samples that `block` completes, and when the last of them came."""
        recording, conditioner = self._recording, self._conditioner
        if recording is None or conditioner is None:
            raise SourceError("closed")
        lost, self._expected = block.number - self._expected, block.number + 1
        self.health.overruns += lost
        self.health.overflows += block.overflowed
        if lost or block.overflowed:
            clock.restart()
            conditioner.restart()
        samples = np.frombuffer(block.data, np.int16).reshape(-1, recording.channels)
        return conditioner.push(samples), block.arrived_s

    def _wake(self) -> None:
        self._blocks.close()

    def _release(self) -> None:
        recording, self._recording = self._recording, None
        if recording is None:
            return
        try:
            bounded(recording.close, self.settings.open_timeout_s, lambda nothing: None)
        except (EdgeError, OSError) as error:
            _log.warning("closing %s: %s; it was left behind", self.name, error)


def _record(target: str, settings: MicSettings, blocks: NewestWinsQueue[Block]) -> _Recording:
    """Start recording into `blocks`. Raises MissingDeviceError, UsageError, SourceError."""
    with ExitStack() as stack:
        audio = stack.enter_context(started())
        microphone = choose(target, microphones(audio))
        for rate_hz, channels in _shapes(microphone, settings):
            stream = _opened(audio, microphone, rate_hz, channels, settings.block_s, blocks)
            if stream is not None:
                stack.callback(stream.close)
                return _Recording(stack.pop_all(), stream, microphone, channels, rate_hz)
    raise SourceError(
        f"{microphone.name!r} records in none of the ways that were tried (16-bit, "
        f"{settings.device_rate_hz or SAMPLE_RATE_HZ} Hz and others): set mic.device_rate_hz to "
        "a rate that it has"
    )


def _shapes(microphone: Microphone, settings: MicSettings) -> list[tuple[int, int]]:
    """(rate, channels) to try, the best first."""
    rates = [SAMPLE_RATE_HZ, microphone.sample_rate_hz, 48_000, 44_100]
    if settings.device_rate_hz:
        rates = [settings.device_rate_hz]
    channels = dict.fromkeys((1, min(2, microphone.channels), microphone.channels))
    return [(rate, each) for rate in dict.fromkeys(rates) for each in channels]


def _opened(
    audio: Any,
    microphone: Microphone,
    rate_hz: int,
    channels: int,
    block_s: float,
    blocks: NewestWinsQueue[Block],
) -> Any:
    """A stream that runs, or None where the device does not have this rate or these channels."""
    pyaudio = import_pyaudio()
    try:
        return audio.open(
            format=pyaudio.paInt16,
            channels=channels,
            rate=rate_hz,
            input=True,
            input_device_index=microphone.index,
            frames_per_buffer=round(rate_hz * block_s),
            stream_callback=_into(blocks, pyaudio.paContinue, pyaudio.paInputOverflow),
        )
    except OSError as error:
        code = error.errno if error.errno is not None else error.args[-1]
        if code in _WRONG_SHAPE:
            return None
        if code == _UNAVAILABLE:
            raise SourceError(
                f"{microphone.name!r} is in use by another program, or gone: close that "
                "(`fuser -v /dev/snd/*` names it) or give another --mic"
            ) from error
        raise SourceError(f"{microphone.name!r} cannot be opened: {error}") from error


def _into(
    blocks: NewestWinsQueue[Block], go_on: int, overflow: int
) -> Callable[..., tuple[None, int]]:
    """What PortAudio's thread calls with each block."""

    numbers = count()

    def put(data: bytes, frames: int, times: object, status: int) -> tuple[None, int]:
        blocks.put(Block(data, time.monotonic(), next(numbers), bool(status & overflow)))
        return None, go_on

    return put
