"""A peer as a child process, asked one thing at a time: only one of them works at any moment."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

from edge.errors import EdgeError

ROOT = Path(__file__).parents[2]
_QUIET = {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
_GRACE_S = 10.0


class PeerProcess:
    """Started at once; ready when it has answered. Raises EdgeError where it dies."""

    def __init__(self, name: str, python: str, module: str) -> None:
        self.name = name
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the process
        try:
            self._child = subprocess.Popen(
                [python, "-m", module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env={**os.environ, **_QUIET},
                cwd=ROOT,
            )
        except OSError as error:
            raise EdgeError(f"cannot start {python} for {name}: {error}") from error

    def ask(self, do: str, image: NDArray[np.uint8] | None = None, **details: Any) -> Any:
        """What it answers to one request; `image` travels as bytes behind it."""
        stdin, stdout = self._pipes
        request = {"do": do, **details}
        if image is not None:
            request["shape"] = image.shape
        # Where it has died, its output ends too.
        with suppress(BrokenPipeError):
            stdin.write(json.dumps(request).encode() + b"\n")
            if image is not None:
                stdin.write(np.ascontiguousarray(image).data)
            stdin.flush()
        answer = stdout.readline()
        if not answer:
            raise EdgeError(f"{self.name} ended without an answer: {self._last_words()}")
        return json.loads(answer)

    def close(self) -> None:
        stdin, stdout = self._pipes
        with suppress(BrokenPipeError):
            stdin.close()
        try:
            self._child.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        stdout.close()
        self._errors.close()

    @property
    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        stdin, stdout = self._child.stdin, self._child.stdout
        assert stdin is not None
        assert stdout is not None
        return stdin, stdout

    def _last_words(self) -> str:
        self._child.wait()
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace").strip().splitlines()
        return said[-1] if said else "it said nothing"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
