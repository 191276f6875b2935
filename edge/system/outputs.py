"""Files that a command writes: whole or not at all, and never over what it reads."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from edge.errors import UsageError

_NAME_KEPT = 40
"""Characters of a file's name that its unfinished part carries; a name has 255 bytes at most."""


def check_output(target: Path, inputs: Iterable[Path], *, force: bool) -> None:
    """Raises UsageError where `target` must not be written.

    That is: it is one of `inputs`, by whatever name or link; or something stands there, and
    `force` is not given; or it is no ordinary file or folder (a device, a pipe).
    """
    keep_apart(target, inputs)
    try:
        stands = os.path.lexists(target)
        ordinary = not target.exists() or target.is_file() or target.is_dir()
    except (OSError, ValueError) as error:
        raise UsageError(f"{str(target)!r} is no path: {error}") from error
    if not ordinary:
        raise UsageError(f"{target} is no ordinary file: give the name of a file")
    if stands and not force and not (target.is_dir() and not any(target.iterdir())):
        raise UsageError(f"{target} exists: give another name, or --force to replace it")


def keep_apart(target: Path, inputs: Iterable[Path]) -> None:
    """Raises UsageError where `target` is one of `inputs`, by whatever name or link."""
    for one in inputs:
        if same_place(target, one):
            raise UsageError(f"{target} is what is read: give another place to write to")


def same_place(a: Path, b: Path) -> bool:
    """Whether both are one file or folder, through links of either kind."""
    try:
        return a.samefile(b)
    except (OSError, ValueError):  # one of them is not there: then their names tell
        return os.path.realpath(a) == os.path.realpath(b)


class Replacement:
    """A new file beside `path`, to be written into: `commit` puts it in the place of `path`.

    Until then `path` is as it was, and `discard` leaves it so. A link at `path` is replaced, and
    not what it leads to. Everything here raises OSError.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.beside = _new_beside(path)

    def commit(self) -> None:
        self.beside.replace(self.path)

    def discard(self) -> None:
        self.beside.unlink(missing_ok=True)


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Yields a `Replacement`'s new file; committed where the block ends well, else discarded."""
    replacement = Replacement(path)
    try:
        yield replacement.beside
        replacement.commit()
    finally:
        replacement.discard()


def write_state(path: Path, text: str, *, mode: int | None = None, durable: bool = False) -> None:
    """Write a small file of one process's own, whole or not at all. Raises OSError.

    mode:    its permissions; None leaves them to the process
    durable: it is on the disk when this returns, and survives a loss of power
    """
    beside = path.with_name(f"{path.name}.new")  # what a killed process left there is overwritten
    with beside.open("w", encoding="utf-8") as file:
        if mode is not None:
            os.fchmod(file.fileno(), mode)
        file.write(text)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    beside.replace(path)


def why_not(error: OSError) -> str:
    """The system's reason, and what to do where the disk is full."""
    reason = error.strerror or str(error) or type(error).__name__
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return f"{reason}: free space there" if full else reason


def _new_beside(path: Path) -> Path:
    for number in count():
        beside = path.with_name(f"{path.name[:_NAME_KEPT]}.{number or ''}part")
        try:
            beside.open("xb").close()
        except FileExistsError:
            continue
        return beside
    raise AssertionError("count() never ends")
