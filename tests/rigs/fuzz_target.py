"""What a target of fuzz.py is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

Attempt = Callable[[bytes, str], None]


@dataclass(frozen=True)
class Target:
    """examples: bytes by file name, made in a folder
    attempts: as many as take a second or two on a calm desktop, for the short run
    """

    examples: Callable[[Path], dict[str, bytes]]
    opened: Callable[[Path], AbstractContextManager[Attempt]]
    attempts: int


def on_files(read: Callable[[Path], None]) -> Callable[[Path], AbstractContextManager[Attempt]]:
    """An attempt writes its data into a file, and reads that."""

    @contextmanager
    def opened(folder: Path) -> Iterator[Attempt]:
        def attempt(data: bytes, name: str) -> None:
            path = folder / name
            path.write_bytes(data)
            read(path)

        yield attempt

    return opened


def drop(_: object) -> None:
    """A reader's answer is of no interest here."""
