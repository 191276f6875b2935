"""What a process tells systemd: ready, what it is doing, that it gets on (sd_notify's protocol)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from edge.system.redaction import redact

if TYPE_CHECKING:
    import socket


class Notifier:
    """Messages to the service manager that started this process; without one, nothing happens.

    A message that cannot be sent is dropped: the work matters more than the telling. For one
    thread at a time.
    """

    def __init__(
        self,
        environ: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """environ: where NOTIFY_SOCKET and WATCHDOG_USEC are looked up; else the process's own."""
        environ = os.environ if environ is None else environ
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        self._clock = clock
        self._notified_s = float("-inf")
        self._status = ""
        self._socket: socket.socket | None = None
        if self._address:
            import socket

            kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC
            self._socket = socket.socket(socket.AF_UNIX, kind)
            self._socket.setblocking(False)
        self.watchdog_s = _watchdog_s(environ) if self._address else None

    @property
    def present(self) -> bool:
        """Whether a service manager listens."""
        return self._socket is not None

    def ready(self) -> bool:
        """Whether it was told: a manager that is busy is to be told again. True without one."""
        return self._send("READY=1") or self._socket is None

    def status(self, text: str) -> None:
        """What `systemctl status` shows, in one line; only a change is sent."""
        text = redact(" ".join(text.split()))
        if text != self._status:
            self._status = text
            self._send(f"STATUS={text}")

    def alive(self) -> None:
        """The work got on. Call it as often as that happens: few of the calls send a message."""
        if self.watchdog_s is None:
            return
        now_s = self._clock()
        if now_s - self._notified_s >= self.watchdog_s / 4:
            self._notified_s = now_s
            self._send("WATCHDOG=1")

    def reloading(self) -> None:
        """Settings are read again; `ready` ends it."""
        microseconds = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send(f"RELOADING=1\nMONOTONIC_USEC={microseconds}")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, message: str) -> bool:
        if self._socket is None:
            return False
        try:
            self._socket.sendto(message.encode("utf-8", "replace"), self._address)
        except OSError:  # the manager restarts, or its queue is full: the next message tells more
            self._notified_s = float("-inf")
            self._status = ""
            return False
        return True


def _address(path: str) -> str:
    """The socket's address; "@name" is one in the abstract namespace."""
    if path.startswith("@"):
        return "\0" + path[1:]
    return path if path.startswith("/") else ""


def _watchdog_s(environ: Mapping[str, str]) -> float | None:
    """How long the manager waits for a sign of life; None where it waits for none from us."""
    microseconds, process = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if not microseconds.isdecimal() or int(microseconds) == 0:
        return None
    if process and process != str(os.getpid()):
        return None
    return int(microseconds) / 1e6
