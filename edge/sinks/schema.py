"""The log's file format: one SQLite file, its tables, and an event as a row.

Chosen for an SD card: pages of 512 bytes, because a commit of one event writes a whole page and
rewrites no more than that; no index, because each one would be another page a commit; label names
once in `model` and not with every score. Rows are in order of arrival (`event.id`).
"""

from __future__ import annotations

import json
import os
import sqlite3
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from edge.errors import SinkError
from edge.types import EmotionEvent, Face

APPLICATION_ID = 0x656D6F74  # "emot", in the file's header: tells our log from other SQLite files
SCHEMA_VERSION = 1
SCALE = 10_000  # scores and confidence are stored as ten-thousandths

_MIGRATIONS: tuple[tuple[str, ...], ...] = (
    # 1: modality, name and labels once in `model`; scores are uint16 little-endian in its order.
    (
        """CREATE TABLE model (
            id INTEGER PRIMARY KEY,
            modality TEXT NOT NULL,
            name TEXT NOT NULL,
            labels TEXT NOT NULL,
            UNIQUE (modality, name, labels)
        )""",
        """CREATE TABLE event (
            id INTEGER PRIMARY KEY,
            time_us INTEGER NOT NULL,
            model_id INTEGER NOT NULL REFERENCES model,
            track_id INTEGER NOT NULL,
            label TEXT NOT NULL,
            confidence INTEGER NOT NULL,
            scores BLOB NOT NULL,
            x INTEGER, y INTEGER, width INTEGER, height INTEGER
        )""",
        # For a person with the sqlite3 shell.
        """CREATE VIEW readable AS
            SELECT event.id, strftime('%Y-%m-%dT%H:%M:%fZ', time_us / 1e6, 'unixepoch') AS time,
                   modality, track_id, label, confidence / 10000.0 AS confidence,
                   x, y, width, height, name AS model
            FROM event JOIN model ON model.id = model_id""",
    ),
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CHECKED_BYTES = 8 << 20  # a log up to this size is read whole on opening: 0.2 s on a slow card
_SUFFIXES = (".sqlite", ".sqlite3", ".db")
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class DamagedLogError(SinkError):
    """The log's file is no longer what SQLite wrote."""


class ModelKey(NamedTuple):
    """One line of the table `model`; `labels` is a JSON list."""

    modality: str
    name: str
    labels: str


class Row(NamedTuple):
    """One event as it is stored, less its id; `values` follow `EVENT_COLUMNS` after model_id."""

    model: ModelKey
    values: tuple[int | str | bytes | None, ...]


EVENT_COLUMNS = (
    "model_id",
    "time_us",
    "track_id",
    "label",
    "confidence",
    "scores",
    "x",
    "y",
    "width",
    "height",
)
INSERT = (
    f"INSERT INTO event ({', '.join(EVENT_COLUMNS)}) VALUES ({', '.join('?' * len(EVENT_COLUMNS))})"
)
SELECT = (
    f"SELECT modality, name, labels, {', '.join(EVENT_COLUMNS[1:])}"
    " FROM event JOIN model ON model.id = model_id"
)


def encode(event: EmotionEvent) -> Row:
    """The row of an event, certain to be taken by SQLite.

    Raises SinkError for a time without zone, a score outside 0 … 1, a number beyond 64 bits or a
    name that is no valid text: one such row would hold up every other of its batch.
    """
    if event.time.tzinfo is None:
        raise SinkError(f"cannot log the time {event.time}: it has no time zone")
    labels = json.dumps(list(event.scores), ensure_ascii=False, separators=(",", ":"))
    scores = [_stored(score) for score in event.scores.values()]
    face = event.face
    box = (face.x, face.y, face.width, face.height) if face else ()
    return Row(
        ModelKey(_text(event.modality), _text(event.model), _text(labels)),
        (
            microseconds(event.time),
            _int64(event.track_id),
            _text(event.label),
            _stored(event.confidence),
            struct.pack(f"<{len(scores)}H", *scores),
            *(map(_int64, box) if face else (None,) * 4),
        ),
    )


def decode(row: tuple[Any, ...]) -> EmotionEvent:
    """The event of a row of `SELECT`; its scores are exact to half a ten-thousandth.

    Raises DamagedLogError for a row that `encode` did not make.
    """
    modality, model, labels, time_us, track_id, label, confidence, scores, x, y, width, height = row
    try:
        names = json.loads(labels)
        parts = struct.unpack(f"<{len(names)}H", scores)
    except (struct.error, ValueError, TypeError) as error:
        raise DamagedLogError(f"the log is damaged: its scores cannot be read ({error})") from error
    return EmotionEvent(
        time=at(time_us),
        modality=modality,
        track_id=track_id,
        label=label,
        confidence=confidence / SCALE,
        scores={name: part / SCALE for name, part in zip(names, parts, strict=True)},
        face=None if x is None else Face(x, y, width, height, track_id),
        model=model,
    )


def microseconds(time: datetime) -> int:
    """An aware time as microseconds since 1970 UTC, exactly."""
    return (time - _EPOCH) // timedelta(microseconds=1)


def at(time_us: int) -> datetime:
    """Microseconds since 1970 as a UTC time, exactly."""
    return _EPOCH + timedelta(microseconds=time_us)


def _stored(score: float) -> int:
    if not -0.001 <= score <= 1.001:  # also false for NaN
        raise SinkError(f"cannot log the score {score}: it must be between 0 and 1")
    return min(max(round(score * SCALE), 0), SCALE)


def _int64(number: int) -> int:
    if not -(2**63) <= number < 2**63:
        raise SinkError(f"cannot log the number {number}: it has more than 64 bits")
    return int(number)


def _text(name: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise SinkError(f"cannot log the name {name!r}: it is no valid text") from error
    return name


def is_damage(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE


def connect(path: Path, *, busy_timeout_s: float) -> sqlite3.Connection:
    """Open the log at `path` for writing, made and migrated as needed, with explicit transactions.

    A commit is on the card when it returns (WAL, synchronous=FULL): neither `kill -9` nor a pulled
    plug takes it back.
    Raises DamagedLogError, SinkError for a file that is not ours, sqlite3.OperationalError and
    OSError where the disk refuses.
    """
    # An event says how a person felt: no business of the machine's other users.
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o640))
    # The thread that closes need not be the one that opened.
    connection = sqlite3.connect(
        path, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA page_size = 512")
        check(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA journal_size_limit = 1048576")
        _migrate(connection)
    except sqlite3.DatabaseError as error:
        connection.close()
        if is_damage(error):
            raise DamagedLogError(f"the log {path} is damaged ({error})") from error
        raise
    except BaseException:
        connection.close()
        raise
    return connection


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Raise DamagedLogError or SinkError unless this is a log that we can use, or an empty file."""
    (ours,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if ours != APPLICATION_ID and tables:
        raise SinkError(f"{path} is another program's SQLite file: give another log path")
    if version > SCHEMA_VERSION:
        raise SinkError(
            f"{path} was written by a newer release (schema {version}, this one knows"
            f" {SCHEMA_VERSION}): update, or give another log path"
        )
    if not tables:
        return
    if path.stat().st_size <= _CHECKED_BYTES:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise DamagedLogError(f"the log {path} is damaged ({verdict.splitlines()[-1]})")
    connection.execute(f"{SELECT} ORDER BY event.id DESC LIMIT 1").fetchall()


def _migrate(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == SCHEMA_VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Read again: another process may have been first.
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        for statements in _MIGRATIONS[version:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def model_id(connection: sqlite3.Connection, key: ModelKey) -> int:
    """The id of a line of `model`, added if it is new; inside the caller's transaction."""
    found = connection.execute(
        "SELECT id FROM model WHERE modality = ? AND name = ? AND labels = ?", key
    ).fetchone()
    if found:
        return int(found[0])
    added = connection.execute("INSERT INTO model (modality, name, labels) VALUES (?, ?, ?)", key)
    return int(added.lastrowid or 0)


def files(path: Path) -> tuple[Path, ...]:
    """The log's file and those that SQLite keeps beside it, as far as they exist."""
    beside = (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm")))
    return tuple(part for part in beside if part.exists())


def size_bytes(path: Path) -> int:
    """The log's file and its write-ahead log; the -shm file is shared memory, of no content."""
    return sum(part.stat().st_size for part in files(path) if not part.name.endswith("-shm"))


def set_aside(path: Path, now: datetime) -> Path:
    """Rename a damaged log, with the files beside it, to a name that carries the time."""
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    kept = path.with_name(f"{path.stem}.damaged-{stamp}{path.suffix}")
    number = 1
    while kept.exists():
        number += 1
        kept = path.with_name(f"{path.stem}.damaged-{stamp}-{number}{path.suffix}")
    for part in files(path):
        part.rename(kept.with_name(kept.name + part.name.removeprefix(path.name)))
    return kept


def must_have_a_logs_name(path: Path) -> None:
    """Raise SinkError for a file that SQLite cannot read and that may be anybody's."""
    if path.suffix not in _SUFFIXES:
        raise SinkError(f"{path} is not a log: give a path that ends in .sqlite")


def damaged_logs(path: Path) -> tuple[Path, ...]:
    """What `set_aside` has kept beside this log, with their -wal and -shm files."""
    start = f"{path.stem}.damaged-"
    if not path.parent.is_dir():
        return ()
    return tuple(sorted(part for part in path.parent.iterdir() if part.name.startswith(start)))
