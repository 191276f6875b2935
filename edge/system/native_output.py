"""Keeps C libraries that announce themselves off the terminal."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from edge.errors import UsageError


@contextmanager
def suppress_native_stderr() -> Iterator[None]:
    """What C code writes to standard error meanwhile is dropped, unless --debug was given.

    Of the whole process: keep it short, and around code whose failures are raised.
    """
    if debugging():
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def native_path(path: str) -> str:
    """`path` for a C++ library, which takes UTF-8 only: OpenCV crashes the process at another.

    Raises UsageError for a name that is none.
    """
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"{path!r} is no UTF-8, which OpenCV needs: rename it") from error
    return path


def debugging() -> bool:
    """Whether tracebacks and the chatter of child processes are wanted."""
    return os.environ.get("EDGE_DEBUG", "") not in ("", "0")


CHATTER = "EDGE_SOUND_CHATTER"
"""The variable that, set to anything, lets ALSA, JACK and PortAudio speak on the terminal."""


class _Stderr:
    """C's variable `stderr`, pointed elsewhere while anybody wants quiet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners = 0
        self._spoken: int | None = None
        self._nowhere: int | None = None

    def mute(self) -> None:
        with self._lock:
            self._listeners += 1
            variable = self._variable()
            if self._listeners == 1 and variable is not None and not os.environ.get(CHATTER):
                self._spoken, variable.value = variable.value, self._nowhere

    def unmute(self) -> None:
        with self._lock:
            self._listeners -= 1
            variable = self._variable()
            if not self._listeners and variable is not None and self._spoken is not None:
                variable.value, self._spoken = self._spoken, None

    def _variable(self) -> ctypes.c_void_p | None:
        """None where the C library has no such name, or the system no /dev/null."""
        libc = ctypes.CDLL(None)
        try:
            if self._nowhere is None:
                libc.fopen.restype = ctypes.c_void_p
                # Never closed: another thread may be writing to it.
                self._nowhere = libc.fopen(b"/dev/null", b"w")
            return ctypes.c_void_p.in_dll(libc, "stderr") if self._nowhere else None
        except (AttributeError, ValueError):
            return None


_stderr = _Stderr()


@contextmanager
def suppress_c_stderr() -> Iterator[None]:
    """Keep what C code says by `stderr` off the terminal: ALSA, JACK and PortAudio say a lot.

    Only the C library's `stderr` is turned away; Python's, and file descriptor 2, are as ever.
    """
    _stderr.mute()
    try:
        yield
    finally:
        _stderr.unmute()
