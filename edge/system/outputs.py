"""Files that a command writes: whole or not at all, and never over what it reads."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from mmap import ACCESS_READ, mmap
from pathlib import Path

from edge.errors import UsageError
from edge.system.digest import sha256

MADE_BY = "Made by emotion-edge"
"""Stands in the reports, pictures and networks that the commands write."""

_PART = re.compile(r".+\.\d*part(\.[\w.]+)?")
_NAME_KEPT = 40
"""Characters of a file's name that its unfinished part carries; a name has 255 bytes at most."""


def check_output(target: Path, inputs: Iterable[Path], *, force: bool) -> None:
    """Raises UsageError where `target` must not be written.

    That is: it is one of `inputs`, by whatever name or link; or something stands there, and
    `force` is not given; or it is no ordinary file or folder (a device, a pipe).
    """
    keep_apart(target, inputs)
    stands = _stands(target)
    if stands and not force and not (target.is_dir() and not any(target.iterdir())):
        raise UsageError(f"{target} exists: give another name, or --force to replace it")


def check_named(target: Path, inputs: Iterable[Path], *, force: bool) -> None:
    """Raises UsageError where `target`, a file or the folder of some, must not be written.

    As `check_output`, but that what this toolkit wrote is its own to replace, and that a folder
    may stand; and no file in a folder that is read is replaced.
    """
    inputs = list(inputs)
    keep_apart(target, inputs)
    if not _stands(target) or target.is_dir() or made_here(target):
        return
    for one in inputs:
        if one.is_dir() and target.resolve().is_relative_to(one.resolve()):
            raise UsageError(f"{target} is in {one}, which is read: give another place to write to")
    if not force:
        raise UsageError(_STANDS.format(target))


def _stands(target: Path) -> bool:
    """Whether something is there. Raises UsageError where it is neither file nor folder."""
    try:
        stands = os.path.lexists(target)
        ordinary = not target.exists() or target.is_file() or target.is_dir()
    except (OSError, ValueError) as error:
        raise UsageError(f"{str(target)!r} is no path: {error}") from error
    if not ordinary:
        raise UsageError(f"{target} is no ordinary file: give the name of a file")
    return stands


_STANDS = "{} exists, and this toolkit did not write it: give another name, or --force"


def made_here(path: Path) -> bool:
    """Whether this toolkit wrote the file, by a sign in it, or in the card beside a network."""
    try:
        # Mapped, for what stands there may be larger than the memory.
        with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
            if content[4:8] == b"TFL3":
                # The name of the metadata in it; a network that was taken as it came has none.
                return content.find(b"emotion_edge") >= 0 or _on_its_card(path, content)
            signs = (MADE_BY.encode(), b'"schema": "emotion-edge/')
            return any(content.find(sign) >= 0 for sign in signs)
    except (OSError, ValueError):  # an empty file cannot be mapped
        return False


def _on_its_card(path: Path, content: mmap) -> bool:
    return sha256(content).encode() in path.with_suffix(".json").read_bytes()


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


@dataclass(frozen=True, slots=True)
class _Command:
    """What the running command reads, and whether it may replace what is not its own."""

    inputs: tuple[Path, ...] = ()
    force: bool = True

    def check(self, path: Path, own: bool) -> None:
        keep_apart(path, self.inputs)
        if not (self.force or own) and path.is_file() and not made_here(path):
            raise UsageError(_STANDS.format(path))


_running = _Command()


@contextmanager
def reading(inputs: Iterable[Path], *, force: bool) -> Iterator[None]:
    """While it lasts, no `Replacement` takes the place of one of `inputs`, nor, without `force`,
    of a file that this toolkit did not write."""
    global _running
    before, _running = _running, _Command(tuple(inputs), force)
    try:
        yield
    finally:
        _running = before


class Replacement:
    """A new file beside `path`, to be written into: `commit` puts it in the place of `path`.

    Until then `path` is as it was, and `discard` leaves it so. A link at `path` is replaced, and
    not what it leads to. Everything here raises OSError.

    own:    what stands at `path` is known to be the writer's own to replace
    ending: of the new file's name, for writers that go by it
    """

    def __init__(self, path: Path, *, own: bool = False, ending: str = "") -> None:
        """Raises UsageError where the running command must not write there: see `reading`."""
        _running.check(path, own)
        self.path = path
        self.beside = _new_beside(path, ending)

    def commit(self) -> None:
        self.beside.replace(self.path)

    def discard(self) -> None:
        self.beside.unlink(missing_ok=True)


@contextmanager
def written_whole(path: Path, *, own: bool = False, ending: str = "") -> Iterator[Path]:
    """Yields a `Replacement`'s new file; committed where the block ends well, else discarded."""
    replacement = Replacement(path, own=own, ending=ending)
    try:
        yield replacement.beside
        replacement.commit()
    finally:
        replacement.discard()


def discard_parts(folder: Path) -> None:
    """Remove the unfinished files that a killed process left in a folder of its own."""
    for part in folder.glob("*.*part*"):
        if _PART.fullmatch(part.name):
            part.unlink(missing_ok=True)


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


def _new_beside(path: Path, ending: str) -> Path:
    for number in count():
        beside = path.with_name(f"{path.name[:_NAME_KEPT]}.{number or ''}part{ending}")
        try:
            beside.open("xb").close()
        except FileExistsError:
            continue
        return beside
    raise AssertionError("count() never ends")
