"""Keeps C libraries that announce themselves off the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from edge.command import debugging


@contextmanager
def quiet_stderr() -> Iterator[None]:
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
