"""SIGHUP, which asks a service to read its settings again, before and after a run can do so.

Unhandled it would end the process.
"""

from __future__ import annotations

import os
import signal

_came = False


def await_sighup() -> None:
    """Under a service manager, remember a SIGHUP until it is asked for; call it first of all."""
    if os.environ.get("NOTIFY_SOCKET"):
        signal.signal(signal.SIGHUP, _remember)


def sighup_came() -> bool:
    """Whether one came since the last call."""
    global _came
    came, _came = _came, False
    return came


def _remember(number: int, frame: object) -> None:
    global _came
    _came = True
