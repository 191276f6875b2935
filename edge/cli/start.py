"""The `edge` command as a process: only what the words on its line need is loaded."""

from __future__ import annotations

import os
import resource
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from edge.cli.app import run_app
from edge.system import collector
from edge.system.early_sighup import await_sighup

if TYPE_CHECKING:
    import typer


def main() -> int:
    return run_app(_commands(sys.argv[1:]), "edge")


def _commands(arguments: list[str]) -> typer.Typer:
    """All commands; where the first word is one that runs, these alone: they load faster."""
    first = next((word for word in arguments if word != "--debug"), "")
    if first in ("run", "demo"):
        from edge.cli import run

        return run.app  # it resumes the collector itself, once all is loaded
    collector.resume()
    from edge.cli import main

    return main.app


def start() -> NoReturn:
    """`main` as a process of its own, and its end.

    A driver that was left behind in its thread aborts the interpreter when that takes itself
    down (its C++ cannot be unwound), and a clean stop would look like a crash: such a process
    ends at once, with everything written.
    """
    await_sighup()
    # The memory of a run holds pictures and passwords: no file is to be made of it.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # OpenBLAS's threads wait by spinning, 40 ms each from NumPy's import on, and no product of
    # ours is large enough for two.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    collector.pause()
    code = main()
    if any(thread.daemon for thread in threading.enumerate()):
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):  # its reader has gone
                stream.flush()
        os._exit(code)
    sys.exit(code)
