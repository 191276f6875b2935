"""Start a rig's server, know its port, end it by its own id."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
SYSTEM_PYTHON = "/usr/bin/python3"


class RigMissingError(Exception):
    """This machine lacks what the rig needs; the message says what."""


@dataclass(frozen=True)
class Server:
    process: subprocess.Popen[str]
    port: int

    def url(self, path: str, *, scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.port}{path}"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def running(python: str, script: str, *arguments: str) -> Iterator[Server]:
    try:
        process = subprocess.Popen(
            [python, str(HERE / script), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    except FileNotFoundError as error:
        raise RigMissingError(str(error)) from error
    with process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            line = process.stdout.readline()
            if not line:
                raise RigMissingError(f"{script}: {process.stderr.read().strip()}")
            yield Server(process, int(line))
        finally:
            process.kill()


def mjpeg_server() -> AbstractContextManager[Server]:
    return running(sys.executable, "mjpeg_server.py")


def rtsp_server(*arguments: str) -> AbstractContextManager[Server]:
    return running(SYSTEM_PYTHON, "rtsp_server.py", *arguments)
