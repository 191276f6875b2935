"""Whole days of a log's history, each packed into one row: a year is read in a few milliseconds.

A day (UTC) is packed once it is over. Triggers take away the pack of a day whose history changes,
so that a pack is always true; a day without one is read from `history` itself. The oldest day and
the newest are left as they are: the one shrinks from hour to hour, the other grows.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from edge.log.aggregates import QUARTERS_A_DAY

COLUMNS = ("quarter", "model_id", "label_id", "events", "counted", "fused")
Columns = NDArray[np.int64]
"""int64 (6, n): `COLUMNS`, by quarter."""

_PACKED = "<u4"
_MOST_BYTES = 64 << 20
"""Of a day, hundreds of models and labels in every quarter of it."""
_CHANGES = (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD"))
MIGRATION = (
    "CREATE TABLE packed_day (day INTEGER PRIMARY KEY, history BLOB NOT NULL)",
    *(
        f"""CREATE TRIGGER day_changed_by_{change.lower()} AFTER {change} ON history BEGIN
            DELETE FROM packed_day WHERE day = {row}.quarter / {QUARTERS_A_DAY};
        END"""
        for change, row in _CHANGES
    ),
)

_READ = f"SELECT {', '.join(f'CAST({name} AS INTEGER)' for name in COLUMNS)} FROM history"
_NOT_PACKED = f"""
    WITH RECURSIVE seen(day) AS (
        SELECT min(quarter) / {QUARTERS_A_DAY} FROM history WHERE quarter >= 0
        UNION
        SELECT (SELECT min(quarter) / {QUARTERS_A_DAY} FROM history
                WHERE quarter >= (seen.day + 1) * {QUARTERS_A_DAY})
        FROM seen WHERE seen.day IS NOT NULL
    )
    SELECT day FROM seen WHERE typeof(day) = 'integer'
        AND day > (SELECT min(day) FROM seen) AND day < (SELECT max(day) FROM seen)
        AND day NOT IN (SELECT day FROM packed_day)"""


def pack(connection: sqlite3.Connection) -> int:
    """Pack what is over; inside a transaction. How many days that were."""
    days = [day for (day,) in connection.execute(_NOT_PACKED)]
    packs = []
    for day in days:
        columns = _rows(connection, day * QUARTERS_A_DAY, (day + 1) * QUARTERS_A_DAY)
        columns[0] -= day * QUARTERS_A_DAY
        if columns.min(initial=0) >= 0 and columns.max(initial=0) <= np.iinfo(_PACKED).max:
            packs.append((day, zlib.compress(columns.astype(_PACKED).tobytes())))
    connection.executemany("INSERT INTO packed_day VALUES (?, ?)", packs)
    return len(packs)


def read(connection: sqlite3.Connection, first: int, end: int) -> Columns:
    """The history of the quarters from `first` to before `end`."""
    parts = list(_parts(connection, first, end))
    return np.concatenate(parts, axis=1) if parts else np.empty((len(COLUMNS), 0), np.int64)


def _parts(connection: sqlite3.Connection, first: int, end: int) -> Iterator[Columns]:
    packs = connection.execute(
        "SELECT day, history FROM packed_day WHERE day >= ? AND day < ? ORDER BY day",
        [-(-first // QUARTERS_A_DAY), end // QUARTERS_A_DAY],
    )
    for day, blob in packs:
        try:
            columns = np.frombuffer(_unpacked(blob), _PACKED).reshape(len(COLUMNS), -1)
        except (zlib.error, TypeError, ValueError):
            continue  # damaged: that day is read as if it had not been packed
        begins = day * QUARTERS_A_DAY
        if first < begins:
            yield _rows(connection, first, begins)
        whole = columns.astype(np.int64)
        whole[0] += begins
        yield whole
        first = begins + QUARTERS_A_DAY
    if first < end:
        yield _rows(connection, first, end)


def _unpacked(blob: bytes) -> bytes:
    """Raises zlib.error, TypeError or ValueError for what `pack` did not make."""
    stream = zlib.decompressobj()
    unpacked = stream.decompress(blob, _MOST_BYTES)
    if not stream.eof:
        raise ValueError("it is cut off, or far too long")
    return unpacked


def _rows(connection: sqlite3.Connection, first: int, end: int) -> Columns:
    rows = connection.execute(
        f"{_READ} WHERE quarter >= ? AND quarter < ? ORDER BY quarter", [first, end]
    )
    # Number by number: as tuples, a year of them would be hundreds of megabytes.
    flat = np.fromiter((number for row in rows for number in row), np.int64)
    return flat.reshape(-1, len(COLUMNS)).T
