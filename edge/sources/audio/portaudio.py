"""PortAudio by PyAudio: kept quiet, asked by one thread at a time, never waited for without end.

A sound server that is stopped hangs PortAudio in opening and closing alike; so both are done by
a thread of their own, and whoever waits for too long goes on without it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from edge.errors import MissingDeviceError, MissingPackageError, SourceError, UsageError
from edge.system.native_output import suppress_c_stderr
from edge.system.pip import pip_install

T = TypeVar("T")


_turn = threading.Lock()


@dataclass(frozen=True, slots=True)
class Microphone:
    """A device that can record, as PortAudio lists it.

    index:    PortAudio's, good until PortAudio is started again
    channels: at most
    """

    index: int
    name: str
    channels: int
    sample_rate_hz: int
    default: bool


def import_pyaudio() -> Any:
    """The module. Raises MissingPackageError, with the commands that install it."""
    try:
        import pyaudio
    except ImportError as error:
        raise MissingPackageError(
            f"PyAudio cannot be imported ({error}): sudo apt install portaudio19-dev gcc "
            f"python3-dev && {pip_install('emotion-edge[mic]')}, or sudo apt install "
            "python3-pyaudio in a virtual environment made with --system-site-packages"
        ) from error
    return pyaudio


def microphones(audio: Any) -> list[Microphone]:
    """Every device of `audio` (a PyAudio) that can record."""
    try:
        default = int(audio.get_default_input_device_info()["index"])
    except OSError:  # PortAudio's way to say that there is none
        default = -1
    found = []
    for index in range(audio.get_device_count()):
        info = audio.get_device_info_by_index(index)
        channels, rate_hz = int(info["maxInputChannels"]), round(info["defaultSampleRate"])
        if channels > 0:
            found.append(Microphone(index, str(info["name"]), channels, rate_hz, index == default))
    return found


def choose(spec: str, found: list[Microphone]) -> Microphone:
    """The microphone that `spec` means: "default", an index, a name or a part of one.

    A name is taken as it stands where one fits; else any that contains it, in either case of
    letters. Raises MissingDeviceError where none fits, UsageError where several do.
    """
    if not found:
        raise MissingDeviceError(
            "no microphone was found: plug one in and look with `edge devices`, or give a file "
            "with --mic FILE"
        )
    if spec == "default":
        return next((each for each in found if each.default), found[0])
    if spec.isdecimal():
        fitting = [each for each in found if each.index == int(spec)]
    else:
        fitting = [each for each in found if each.name == spec] or [
            each for each in found if spec.casefold() in each.name.casefold()
        ]
    names = ", ".join(repr(each.name) for each in fitting or found)
    if not fitting:
        raise MissingDeviceError(
            f"there is no microphone and no file {spec!r}: give one of {names}"
        )
    if len({each.name for each in fitting}) > 1:
        raise UsageError(f"{spec!r} fits several microphones: give more of one of {names}")
    return fitting[0]


def found(limit_s: float = 5.0) -> list[Microphone]:
    """The microphones there are now. Raises MissingPackageError, SourceError."""

    def look() -> list[Microphone]:
        with started() as audio:
            return microphones(audio)

    return bounded(look, limit_s, lambda late: None)


@contextmanager
def started() -> Iterator[Any]:
    """A PyAudio of its own: its list of devices is as old as it is. Raises SourceError."""
    pyaudio = import_pyaudio()
    try:
        audio = pyaudio.PyAudio()
    except OSError as error:
        raise SourceError(f"PortAudio does not start: {error}") from error
    try:
        yield audio
    finally:
        audio.terminate()


def bounded(work: Callable[[], T], limit_s: float, discard: Callable[[T], None]) -> T:
    """What `work` returns or raises, where it does so within `limit_s`.

    Otherwise raises SourceError and leaves `work` to its thread; should it return after all,
    `discard` gets what it returned. One at a time: PortAudio is not made for more.
    """
    job = _Job(work, discard)
    # A daemon: what hangs in a driver must not keep the process from ending.
    threading.Thread(target=job.run, name="portaudio", daemon=True).start()
    return job.result(limit_s)


class _Job(Generic[T]):
    def __init__(self, work: Callable[[], T], discard: Callable[[T], None]) -> None:
        self._work, self._discard = work, discard
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._abandoned = threading.Event()
        self._returned: list[T] = []
        self._error: BaseException | None = None

    def run(self) -> None:
        with _turn:
            if self._abandoned.is_set():
                return
            with suppress_c_stderr():
                try:
                    self._returned.append(self._work())
                except BaseException as error:  # handed to whoever waits, whatever it is
                    self._error = error
                with self._lock:
                    self._ended.set()
                    late = self._abandoned.is_set()
                if late and self._returned:
                    self._discard(self._returned[0])

    def result(self, limit_s: float) -> T:
        self._ended.wait(limit_s)
        with self._lock:
            if not self._ended.is_set():
                self._abandoned.set()
                raise SourceError(f"the sound system did not answer within {limit_s:g} s")
        if self._error is not None:
            try:
                raise self._error
            finally:
                # Its traceback holds this job: a ring that would stay in memory for long.
                self._error = None
        return self._returned[0]
