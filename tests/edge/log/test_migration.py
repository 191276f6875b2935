"""A log of an earlier release is brought up to date, with every event, whoever opens it first."""

from __future__ import annotations

import json
import sqlite3
import struct
from dataclasses import replace
from pathlib import Path

import pytest
from samples import LABELS, alike, event, make_read_only, small_disk

from edge.errors import SinkError
from edge.log import schema
from edge.log.event_sink import SqliteSink
from edge.log.migrations import MIGRATIONS
from edge.log.purge import purge
from edge.log.reader import open_log
from edge.types import Origin

COUNT = 500


def version_1(path: Path) -> Path:
    """A log as release 0.1 wrote it."""
    old = sqlite3.connect(path, isolation_level=None)
    old.execute("PRAGMA page_size = 512")
    old.execute("PRAGMA journal_mode = WAL")
    for statement in MIGRATIONS[0]:
        old.execute(statement)
    old.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    old.execute("PRAGMA user_version = 1")
    old.execute("INSERT INTO model VALUES (1, 'face', 'cnn', ?)", [json.dumps(LABELS)])
    old.execute("BEGIN")
    for number in range(1, COUNT + 1):
        one = event(number)
        assert one.face
        old.execute(
            "INSERT INTO event (time_us, model_id, track_id, label, confidence, scores, x, y,"
            " width, height) VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                schema.microseconds(one.time),
                one.track_id,
                one.label,
                round(one.confidence * 10_000),
                struct.pack("<7H", *(round(score * 10_000) for score in one.scores.values())),
                *(one.face.x, one.face.y, one.face.width, one.face.height),
            ],
        )
    old.execute("COMMIT")
    old.close()
    return path


def test_every_event_is_as_it_was(tmp_path: Path) -> None:
    path = version_1(tmp_path / "log.sqlite")
    with SqliteSink(path) as sink:
        sink.write(event(COUNT + 1))
    with open_log(path) as log:
        found = list(log.events())
        assert log.stats().schema == schema.SCHEMA_VERSION
        assert [number for number, _ in log.after_id(0, 1000)] == list(range(1, COUNT + 2))
    sent = [event(number) for number in range(1, COUNT + 2)]
    assert all(alike(a, b) for a, b in zip(sent, found, strict=True))


def test_a_reader_may_be_the_first(tmp_path: Path) -> None:
    path = version_1(tmp_path / "log.sqlite")
    with open_log(path) as log:
        assert log.stats().events == COUNT
    purge(path, before=event(101).time)
    with open_log(path) as log:
        assert log.stats().events == COUNT - 100


def test_a_reader_that_may_not_write_says_so(tmp_path: Path) -> None:
    with small_disk(tmp_path / "card", "512k") as card:
        path = version_1(card / "log.sqlite")
        make_read_only(card)
        with pytest.raises(SinkError, match="cannot use the log"):
            open_log(path)


def test_what_was_deleted_by_the_move_is_in_no_byte(tmp_path: Path) -> None:
    """The old table held each label as text; it goes with its pages."""
    path = version_1(tmp_path / "log.sqlite")
    assert path.read_bytes().count(b"surprise") > COUNT / len(LABELS)
    SqliteSink(path).close()
    assert path.read_bytes().count(b"surprise") == 4, "labels, models, and an index of each"


def test_a_migration_that_fails_leaves_the_old_log_whole(tmp_path: Path) -> None:
    with small_disk(tmp_path / "card", "192k") as card:
        path = version_1(card / "log.sqlite")
        ballast = card / "ballast"
        ballast.write_bytes(b"x" * (112 << 10))
        before = path.read_bytes()
        with SqliteSink(path) as sink:
            assert sink.trouble is not None
            sink.write(event(COUNT + 1))
            assert path.read_bytes()[100:] == before[100:]
            ballast.unlink()
        with open_log(path) as log:
            assert log.stats().events == COUNT + 1


def test_a_log_of_version_2_keeps_its_events_and_takes_where_the_new_are_from(
    tmp_path: Path,
) -> None:
    path = version_1(tmp_path / "log.sqlite")
    old = sqlite3.connect(path, isolation_level=None)
    for statement in MIGRATIONS[1]:
        old.execute(statement)
    old.execute("PRAGMA user_version = 2")
    old.close()
    placed = replace(event(COUNT + 1), origin=Origin("clips/a.mp4", 17, 0.68))
    with SqliteSink(path) as sink:
        sink.write(placed)
    with open_log(path) as log:
        *found, last = log.events()
    assert [one.origin for one in found] == [Origin()] * COUNT
    assert all(alike(event(number), one) for number, one in enumerate(found, 1))
    assert last.origin == placed.origin
    with sqlite3.connect(path) as shell:
        assert shell.execute(
            "SELECT source, frame_index, media_s FROM readable ORDER BY id DESC LIMIT 1"
        ).fetchone() == ("clips/a.mp4", 17, 0.68)
    shell.close()
    purge(path, before=event(COUNT + 2).time)
    with sqlite3.connect(path) as shell:
        assert shell.execute("SELECT count(*) FROM source").fetchone() == (0,)
    shell.close()
