"""Events that wait for their commit, kept in memory outside the process: a kill loses none of them.

A spool is a file in a file system that lives in memory (tmpfs): writing to it wears no card. Its
first line names the batch, each further one is an event; or a sum, where only counts are kept: it
is overwritten as it grows, and no line tells that one event came, or when. The log's table
`in_memory` names the spool and the last of its batches that is committed, in the transaction that
committed it: so the next run knows whether the events of a dead process are in the log already.

A spool that somebody cut to nothing says that its events are to be forgotten (`edge log delete`).
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import stat
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple, Self

from edge.errors import DataError
from edge.log.schema import ModelKey
from edge.log.tally import TallyKey
from edge.sinks.event_json import from_line, to_line
from edge.system.digest import sha256
from edge.types import EmotionEvent

_START, _END = "emotion-edge-", ".spool"
_IN_MEMORY = ("tmpfs", "ramfs")
_NUMBER = 16
"""Bytes of a sum and its line's end, at a multiple of as many."""
_open_here: set[Path] = set()  # the system's locks do not tell two sinks of one process apart


def memory_folder(environ: Mapping[str, str] = os.environ) -> Path | None:
    """A folder in memory that we may write to: the service's, else /dev/shm; None without one."""
    service = environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    for folder in (service, "/dev/shm"):
        if folder and os.access(folder, os.W_OK | os.X_OK) and _is_in_memory(Path(folder)):
            return Path(folder)
    return None


def in_memory_name(log: Path) -> str:
    """What the names of everything begin with that this log has in memory."""
    return _START + sha256(os.fsencode(log.absolute()))[:16]


def _is_in_memory(folder: Path) -> bool:
    try:
        mounts = Path("/proc/self/mounts").read_text().splitlines()
    except OSError:
        return False
    kinds = {Path(fields[1]): fields[2] for fields in map(str.split, mounts)}
    folder = folder.resolve()
    return next(kinds[up] for up in (folder, *folder.parents) if up in kinds) in _IN_MEMORY


class Spool:
    """This process's own spool. Every method but `close` may raise OSError: memory is full."""

    def __init__(self, folder: Path, log: Path) -> None:
        self.path = folder / f"{in_memory_name(log)}-{os.urandom(8).hex()}{_END}"
        self.batch = ""
        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC
        self._file = os.open(self.path, flags, 0o640)
        fcntl.lockf(self._file, fcntl.LOCK_EX)
        _open_here.add(self.path)
        self.begin()

    def begin(self) -> None:
        """A new batch, of no event yet."""
        os.ftruncate(self._file, 0)
        self.batch = os.urandom(8).hex()
        self.lines = 0
        self._end = 0
        self._counts: dict[TallyKey, int] = {}
        self._append(f"{self.batch}\n".encode())

    def add(self, event: EmotionEvent) -> None:
        self._append(f"{to_line(event)}\n".encode())
        self.lines += 1

    def set_count(self, key: TallyKey, count: int) -> None:
        """Let that be its count; a number that lies in one page is replaced whole or not at all."""
        number = f"{count:0{_NUMBER - 1}}\n".encode()
        at = self._counts.get(key)
        if at is not None:
            os.pwrite(self._file, number, at)
            return
        name = json.dumps(key).encode()
        name += b" " * (-(self._end + len(name)) % _NUMBER)
        self._append(name + number)
        self._counts[key] = self._end - _NUMBER
        self.lines += 1

    @property
    def forgotten(self) -> bool:
        """Whether somebody asked that these events never reach the log."""
        return os.pread(self._file, len(self.batch), 0) != self.batch.encode()

    def close(self, *, keep: bool = False) -> None:
        """Remove it; or keep it, for the next run."""
        if not keep:
            self.path.unlink(missing_ok=True)
        os.close(self._file)
        _open_here.discard(self.path)

    def _append(self, line: bytes) -> None:
        os.pwrite(self._file, line, self._end)
        self._end += len(line)


class Orphan:
    """A spool whose process is dead, ours until it is closed; a context manager.

    events, counts: what it holds that is not in the log yet
    """

    def __init__(self, path: Path, committed: str, file: int) -> None:
        self.path = path
        self._file = file
        left = read(path)
        self.batch = left.batch
        self.events, self.counts = ([], {}) if left.batch == committed else left[1:]

    @classmethod
    def claim(cls, path: Path, committed: str) -> Self | None:
        """None while its process lives."""
        if path in _open_here:
            return None
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            return None
        return cls(path, committed, file)

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)


class Contents(NamedTuple):
    """What a spool holds."""

    batch: str
    events: list[EmotionEvent]
    counts: dict[TallyKey, int]


def read(path: Path) -> Contents:
    """A spool's batch and what waits in it; of no batch where nothing is left of it."""
    found = Contents("", [], {})
    try:
        batch, *lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, ValueError):
        return found
    for line in lines:
        try:
            if line.startswith("["):
                key, count = _count(line)
                found.counts[key] = count
            else:
                found.events.append(from_line(line))
        # The file's end, or the line that its process was killed in.
        except (DataError, ValueError, TypeError, RecursionError):
            break
    return found._replace(batch=batch)


def _count(line: str) -> tuple[TallyKey, int]:
    """Raises ValueError for a line that `set_count` did not write, or not to its end."""
    start_s, interval_s, model, label = json.loads(line[: 1 - _NUMBER])
    texts = [*model, label]
    if not (type(start_s) is type(interval_s) is int and len(texts) == 4):
        raise ValueError("no numbers")
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("no names")
    return TallyKey(start_s, interval_s, ModelKey(*model), label), int(line[1 - _NUMBER :])


def spools(connection: sqlite3.Connection, log: Path) -> dict[Path, str]:
    """Every spool that this log names and that still exists, and its last committed batch."""
    named = connection.execute("SELECT path, batch FROM in_memory WHERE batch IS NOT NULL")
    return {Path(path): batch for path, batch in named if _is_ours(Path(path), log)}


def _is_ours(path: Path, log: Path) -> bool:
    """The log could name any file, and root may be who deletes: a spool of its owner only."""
    return _named(path, _END) and _of_one_owner(path, log)


def is_log(path: Path, log: Path) -> bool:
    """Whether a name in `log` is that of its log in memory, which exists."""
    return _named(path, ".sqlite") and _of_one_owner(path, log)


def _named(path: Path, end: str) -> bool:
    return path.name.startswith(_START) and path.name.endswith(end)


def _of_one_owner(path: Path, log: Path) -> bool:
    try:
        found = path.lstat()
        return stat.S_ISREG(found.st_mode) and found.st_uid == log.stat().st_uid
    except OSError:
        return False


def orphans(
    connection: sqlite3.Connection, log: Path, folder: Path | None, stack: ExitStack
) -> list[Orphan]:
    """The spools of dead processes, claimed for as long as `stack`, and named as committed.

    Inside the transaction that takes their events in; remove them when it is done. One in `folder`
    that its process could not name in the log yet is found as well.
    """
    named = spools(connection, log)
    unnamed = folder.glob(f"{in_memory_name(log)}-*{_END}") if folder else ()
    found = {path: "" for path in unnamed if _is_ours(path, log)} | named
    for (name,) in connection.execute(
        "SELECT path FROM in_memory WHERE batch IS NOT NULL"
    ).fetchall():
        if Path(name) not in named:
            connection.execute("DELETE FROM in_memory WHERE path = ?", [name])
    claimed = []
    for path, committed in found.items():
        orphan = Orphan.claim(path, committed)
        if orphan is not None:
            claimed.append(stack.enter_context(orphan))
            name_batch(connection, path, orphan.batch)
    return claimed


def name_batch(connection: sqlite3.Connection, path: Path, batch: str) -> None:
    """Say in the log that this batch of this spool is in it, and the last that is."""
    connection.execute(
        "INSERT OR REPLACE INTO in_memory (path, batch) VALUES (?, ?)", [str(path), batch]
    )


def forget(connection: sqlite3.Connection, log: Path) -> int:
    """Make sure that no event that waits in a spool of this log gets into it; how many did."""
    count = 0
    for path, committed in spools(connection, log).items():
        left = read(path)
        if left.batch != committed:
            count += len(left.events) + sum(left.counts.values())
        orphan = Orphan.claim(path, committed)
        if orphan is None:
            _cut(path)
            continue
        with orphan:
            orphan.remove()
    return count


def _cut(path: Path) -> None:
    """Empty a file that is no link."""
    file = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        os.ftruncate(file, 0)
    finally:
        os.close(file)
