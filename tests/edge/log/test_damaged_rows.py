"""An event that the card has damaged: it alone is left out, everywhere an event is read."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from samples import make_log
from typer.testing import CliRunner

from edge.cli.main import app
from edge.errors import EdgeError
from edge.log.reader import open_log

FLIPS = 60


def test_a_bit_that_flips_in_a_row_costs_that_row_at_most(tmp_path: Path) -> None:
    """Five columns, 60 bits each: what is read is right, or left out and counted."""
    path = make_log(tmp_path / "log.sqlite", 20)
    chance = random.Random(16)
    for column in ("time_us", "scores", "confidence", "track_id", "x"):
        for _ in range(FLIPS):
            row = chance.randint(1, 20)
            with closing(sqlite3.connect(path)) as connection:
                connection.execute("PRAGMA synchronous = OFF")
                (was,) = connection.execute(
                    f"SELECT {column} FROM event WHERE id = ?", [row]
                ).fetchone()
                _put(connection, column, row, _flipped(was, chance))
                with open_log(path) as log:
                    found = list(log.events())
                    assert len(found) + log.skipped == 20
                    assert len(found) >= 19
                    assert len(log.latest(5)) == 5
                    assert log.stats().events >= 19
                    assert len(log.after_id(0, 100)) == len(found)
                _put(connection, column, row, was)


def _flipped(value: object, chance: random.Random) -> object:
    if isinstance(value, bytes):
        at = chance.randrange(len(value))
        return value[:at] + bytes([value[at] ^ 1 << chance.randrange(8)]) + value[at + 1 :]
    assert isinstance(value, int)
    flipped = value ^ 1 << chance.randrange(64)
    return flipped - 2**64 if flipped >= 2**63 else flipped


def _put(connection: sqlite3.Connection, column: str, row: int, value: object) -> None:
    connection.execute(f"UPDATE event SET {column} = ? WHERE id = ?", [value, row])
    connection.commit()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE model SET labels = '{'",
        "UPDATE model SET labels = replace(hex(zeroblob(30000)), '0', '[')",
        "UPDATE model SET name = 5",
        "UPDATE label SET name = x'ff' WHERE name = 'happy'",
        "UPDATE event SET label_id = 999 WHERE id = 4",
        "UPDATE event SET time_us = -9000000000000000000 WHERE id = 4",
    ],
)
@pytest.mark.parametrize("command", ["stats", "show", "export - --format csv", "forecast"])
def test_every_reading_command_goes_on_or_says_why_not(
    change: str, command: str, tmp_path: Path
) -> None:
    path = make_log(tmp_path / "log.sqlite", 20)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(change)
        connection.commit()
    result = CliRunner().invoke(app, ["log", *command.split(), "--log", str(path)])
    assert result.exception is None or isinstance(result.exception, (EdgeError, SystemExit))
