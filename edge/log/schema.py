"""The log's file format: one SQLite file, its tables, and an event as a row.

Made for an SD card: names stand once in side tables and not with every event; no index, because
each one is more pages a commit (docs/decisions/0005-log-writes.md). Rows are in order of arrival
(`event.id`), and an id is never given twice.
"""

from __future__ import annotations

import json
import sqlite3
import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from edge.errors import SinkError
from edge.types import EmotionEvent, Face, Origin

APPLICATION_ID = 0x656D6F74  # "emot", in the file's header: tells our log from other SQLite files
SCHEMA_VERSION = 5
SCALE = 10_000  # scores and confidence are stored as ten-thousandths

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class DamagedLogError(SinkError):
    """The log's file is no longer what SQLite wrote."""


class ModelKey(NamedTuple):
    """One line of the table `model`; `labels` is a JSON list."""

    modality: str
    name: str
    labels: str


class Row(NamedTuple):
    """One event as it is stored, less its id; `values` follow the ids of the names."""

    model: ModelKey
    label: str
    source: str
    values: tuple[int | bytes | None, ...]


NUMBERS_APART = 1 << 20
"""Numbers left out where some may have been seen that never came into the log."""

_BOX = ("x", "y", "width", "height")
_VALUES = ("time_us", "track_id", "confidence", "scores", *_BOX, "frame_index", "media_us")
INSERT = (
    f"INSERT INTO event (id, model_id, label_id, source_id, {', '.join(_VALUES)})"
    f" VALUES (?, ?, ?, ?, {', '.join('?' * len(_VALUES))})"
)
# CROSS JOIN keeps SQLite from going through the labels first: events stay in their order.
JOINED = " CROSS JOIN model ON model.id = model_id CROSS JOIN label ON label.id = label_id"
SELECT = (
    f"SELECT modality, model.name, labels, label.name, source.name, {', '.join(_VALUES)}"
    f" FROM event{JOINED} LEFT JOIN source ON source.id = source_id"
)

SELECT_WITH_ID = SELECT.replace("SELECT ", "SELECT event.id, ", 1)


def encode(event: EmotionEvent) -> Row:
    """The row of an event, certain to be taken by SQLite.

    Raises SinkError for a time without zone, a score outside 0 … 1, a number beyond 64 bits or a
    name that is no valid text: one such row would hold up every other of its batch.
    """
    if event.time.tzinfo is None:
        raise SinkError(f"cannot log the time {event.time}: it has no time zone")
    scores = [_stored(score) for score in event.scores.values()]
    face = event.face
    box = (face.x, face.y, face.width, face.height) if face else ()
    return Row(
        model_key(event),
        _text(event.label),
        _text(event.origin.source, errors="backslashreplace"),
        (
            microseconds(event.time),
            _int64(event.track_id),
            _stored(event.confidence),
            struct.pack(f"<{len(scores)}H", *scores),
            *(map(_int64, box) if face else (None,) * 4),
            None if event.origin.index is None else _int64(event.origin.index),
            None if event.origin.media_s is None else _int64(round(event.origin.media_s * 1e6)),
        ),
    )


def model_key(event: EmotionEvent) -> ModelKey:
    """Raises SinkError for a name that is no valid text."""
    labels = json.dumps(list(event.scores), ensure_ascii=False, separators=(",", ":"))
    return ModelKey(_text(event.modality), _text(event.model), _text(labels))


def decode(row: tuple[Any, ...]) -> EmotionEvent:
    """The event of a row of `SELECT`; its scores are exact to half a ten-thousandth.

    Raises DamagedLogError for a row that `encode` did not make.
    """
    modality, model, labels, label, source, time_us, track_id, confidence, scores, *rest = row
    x, y, width, height, index, media_us = rest
    try:
        names = json.loads(labels)
        parts = struct.unpack(f"<{len(names)}H", scores)
        fractions = [part / SCALE for part in (confidence, *parts)]
        if not all(isinstance(text, str) for text in (modality, model, label, *names)):
            raise TypeError("a name is no text")
        if not all(0 <= share <= 1 for share in fractions):
            raise ValueError("a score is no share of 1")
        if not all(type(number) is int for number in (time_us, track_id)):
            raise TypeError("a number is none")
        box = None if x is None else Face(int(x), int(y), int(width), int(height), track_id)
        time = at(time_us)
    except (struct.error, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise DamagedLogError(f"an event of the log is damaged ({error})") from error
    return EmotionEvent(
        time=time,
        modality=modality,
        track_id=track_id,
        label=label,
        confidence=fractions[0],
        scores=dict(zip(names, fractions[1:], strict=True)),
        face=box,
        model=model,
        origin=Origin(source or "", index, None if media_us is None else media_us / 1e6),
    )


def insert(connection: sqlite3.Connection, rows: Sequence[Row], skipped: int = 0) -> None:
    """Add the events under the next numbers, less `skipped`; inside the caller's transaction."""
    models = {key: model_id(connection, key) for key in dict.fromkeys(row.model for row in rows)}
    labels = {name: label_id(connection, name) for name in dict.fromkeys(row.label for row in rows)}
    sources = {name: source_id(connection, name) for name in {row.source for row in rows}}
    first = max_assigned_id(connection) + skipped + 1
    connection.executemany(
        INSERT,
        (
            (number, models[row.model], labels[row.label], sources[row.source], *row.values)
            for number, row in enumerate(rows, first)
        ),
    )


def max_assigned_id(connection: sqlite3.Connection) -> int:
    """The highest number that an event of this log ever had, or was kept from having."""
    found = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'event'").fetchone()
    return int(found[0]) if found else 0


def leave_numbers_out(connection: sqlite3.Connection) -> None:
    """Some of the next numbers may have been seen already; inside the caller's transaction."""
    last = max_assigned_id(connection) + NUMBERS_APART
    connection.execute("DELETE FROM sqlite_sequence WHERE name = 'event'")
    connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('event', ?)", [last])


def model_id(connection: sqlite3.Connection, key: ModelKey) -> int:
    """The id of a line of `model`, added if it is new; inside the caller's transaction."""
    found = connection.execute(
        "SELECT id FROM model WHERE modality = ? AND name = ? AND labels = ?", key
    ).fetchone()
    if found:
        return int(found[0])
    added = connection.execute("INSERT INTO model (modality, name, labels) VALUES (?, ?, ?)", key)
    return int(added.lastrowid or 0)


def label_id(connection: sqlite3.Connection, name: str) -> int:
    """As `model_id`, of `label`."""
    found = connection.execute("SELECT id FROM label WHERE name = ?", [name]).fetchone()
    if found:
        return int(found[0])
    return int(connection.execute("INSERT INTO label (name) VALUES (?)", [name]).lastrowid or 0)


def source_id(connection: sqlite3.Connection, name: str) -> int | None:
    """As `model_id`, of `source`; None for no name."""
    if not name:
        return None
    found = connection.execute("SELECT id FROM source WHERE name = ?", [name]).fetchone()
    if found:
        return int(found[0])
    return int(connection.execute("INSERT INTO source (name) VALUES (?)", [name]).lastrowid or 0)


def forget_sources(connection: sqlite3.Connection) -> None:
    """Delete the names of which no event is left; inside the caller's transaction."""
    connection.execute(
        "DELETE FROM source WHERE id NOT IN"
        " (SELECT source_id FROM event WHERE source_id IS NOT NULL)"
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


def _text(name: str, errors: str = "strict") -> str:
    """errors: a file's name need not be valid text, and is logged as well as can be"""
    try:
        return name.encode(errors=errors).decode()
    except UnicodeEncodeError as error:
        raise SinkError(f"cannot log the name {name!r}: it is no valid text") from error
