"""A command run as a child and watched: its first line, its peak memory, its CPU time."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from resource import struct_rusage
from time import perf_counter, sleep
from typing import IO

from edge.errors import EdgeError
from edge.system.native_output import debugging

_POLL_S = 0.01
_GRACE_S = 3.0
_SHOWN = 120
# The kernel counts resident pages a little apart on each core.
_MARGIN_BYTES = 4 * 2**20


@dataclass(frozen=True, slots=True)
class Watched:
    """How a child ran.

    wall_s:         from before its start to after its end
    first_line_s:   to its first line on standard output, or None where there was none
    peak_rss_bytes: the most it held resident, libraries and all
    cpu_s:          user and system, of all its threads
    output, errors: what it wrote
    """

    wall_s: float
    first_line_s: float | None
    peak_rss_bytes: int
    cpu_s: float
    output: str
    errors: str


def watch(command: Sequence[str], *, timeout_s: float = 300.0, poll_s: float = _POLL_S) -> Watched:
    """Run `command` to its end. Raises EdgeError where it fails or takes longer than that.

    poll_s: between two looks at its memory; each takes a core for some µs
    """
    with tempfile.TemporaryFile() as errors:
        start = perf_counter()
        try:
            child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors)
        except OSError as error:
            raise EdgeError(f"cannot start {_named(command)}: {error}") from error
        lines = _Lines(child)
        inherited = _peak_rss(os.getpid()) + _MARGIN_BYTES
        try:
            usage, peak = _wait(child, start + timeout_s, poll_s)
        finally:
            _stop(child)
            lines.join()
        wall_s = perf_counter() - start
        errors.seek(0)
        complaints = errors.read().decode(errors="replace")
    if child.returncode != 0:
        last = (complaints.strip().splitlines() or ["it said nothing"])[-1]
        raise EdgeError(f"{_named(command)} failed with exit code {child.returncode}: {last}")
    # The kernel starts a child's ru_maxrss at its parent's peak: clearly above that it is exact,
    # and below it /proc's own mark, read until shortly before the end, has to do.
    exact = usage.ru_maxrss * 1024
    return Watched(
        wall_s,
        None if lines.first_at is None else lines.first_at - start,
        exact if exact > inherited else peak,
        usage.ru_utime + usage.ru_stime,
        "".join(lines.read),
        complaints,
    )


def _named(command: Sequence[str]) -> str:
    """The command as a person can read it: its whole line with --debug, else its beginning."""
    line = shlex.join(command)
    if debugging() or len(line) <= _SHOWN:
        return line
    return f"{line[:_SHOWN]}… (--debug shows all of it)"


class _Lines(threading.Thread):
    """Reads a child's standard output and notes when its first line came."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        super().__init__(daemon=True)
        assert child.stdout is not None  # opened as a pipe
        self._stream: IO[bytes] = child.stdout
        self.read: list[str] = []
        self.first_at: float | None = None
        self.start()

    def run(self) -> None:
        with self._stream:
            for line in self._stream:
                if self.first_at is None:
                    self.first_at = perf_counter()
                self.read.append(line.decode(errors="replace"))


def _wait(
    child: subprocess.Popen[bytes], deadline: float, poll_s: float
) -> tuple[struct_rusage, int]:
    """(resource usage, highest peak seen in /proc) once the child has ended."""
    peak = 0
    while True:
        peak = max(peak, _peak_rss(child.pid))
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            # Popen must know, or it would wait for the process again.
            child.returncode = os.waitstatus_to_exitcode(status)
            return usage, peak
        if perf_counter() > deadline:
            command = [str(part) for part in child.args]  # type: ignore[union-attr]  # a list, ours
            raise EdgeError(f"{_named(command)} did not end in time: run it by hand to see why")
        sleep(poll_s)


def _stop(child: subprocess.Popen[bytes]) -> None:
    """End a child that still runs, after Ctrl-C or a timeout."""
    if child.returncode is not None:
        return
    child.terminate()
    try:
        child.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _peak_rss(pid: int) -> int:
    """Bytes; 0 where the process is gone or the system does not say."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"^VmHWM:\s*(\d+) kB", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0
