"""A log of many days, as a kiosk would have kept it: for pages, figures and screens.

python tests/rigs/big_log.py OUT.sqlite [--days 400] [--events 2000000] [--counts]
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge.log import database, schema
from edge.types import EmotionEvent, Face

FACES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
VOICES = ("angry", "calm", "disgust", "fearful", "happy", "neutral", "sad", "surprised")
_WEIGHTS = (3, 1, 2, 30, 8, 6, 40)
_BATCH = 20_000


def events(days: int, count: int, end: datetime, seed: int = 1) -> Iterator[EmotionEvent]:
    """Visitors from 8 to 20 o'clock, more of them at noon and on Saturdays; some of them speak."""
    chance = random.Random(seed)
    track = 0
    for number in range(days):
        morning = (end - timedelta(days=days - 1 - number)).replace(hour=8, minute=0, second=0)
        busy = 1.6 if morning.weekday() == 5 else 0.5 if morning.weekday() == 6 else 1.0
        left = round(count / days * busy / 1.02)
        starts = sorted(chance.triangular(0, 12 * 3600, 5 * 3600) for _ in range(left // 25 + 1))
        for start_s in starts:
            track += 1
            yield from _visit(chance, track, morning + timedelta(seconds=start_s))


def _visit(chance: random.Random, track: int, begin: datetime) -> Iterator[EmotionEvent]:
    speaks = chance.random() < 0.15
    label = chance.choices(FACES, _WEIGHTS)[0]
    box = Face(chance.randrange(900), chance.randrange(300), 180, 180, track)
    for second in range(max(1, round(chance.lognormvariate(2.9, 0.7)))):
        time = begin + timedelta(seconds=second)
        if chance.random() < 0.2:
            label = chance.choices(FACES, _WEIGHTS)[0]
        yield _event(time, "face", track, label, FACES, box)
        if speaks and second % 3 == 0:
            voice = chance.choice(VOICES)
            yield _event(time, "speech", 0, voice, VOICES, None)
            yield _event(time, "fusion", track, label, FACES, box)


def _event(
    time: datetime, modality: str, track: int, label: str, labels: tuple[str, ...], box: Face | None
) -> EmotionEvent:
    scores = dict.fromkeys(labels, 0.3 / (len(labels) - 1)) | {label: 0.7}
    return EmotionEvent(time, modality, track, label, 0.7, scores, box, f"{modality}_net")


def write(path: Path, days: int, count: int, end: datetime, *, counts: bool = False) -> int:
    """Write the log; how many events it has."""
    connection = database.connect(path, busy_timeout_s=1)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -65536")
    written = 0
    batch: list[EmotionEvent] = []
    for one in events(days, count, end):
        batch.append(one)
        if len(batch) == _BATCH:
            written += _put(connection, batch, counts)
            batch.clear()
    written += _put(connection, batch, counts)
    connection.close()
    return written


def _put(connection: object, batch: list[EmotionEvent], counts: bool) -> int:
    import sqlite3

    assert isinstance(connection, sqlite3.Connection)
    with database.transaction(connection):
        if not counts:
            schema.insert(connection, [schema.encode(one) for one in batch])
            return len(batch)
        for one in batch:
            model = schema.model_id(connection, schema.model_key(one))
            label = schema.label_id(connection, one.label)
            minute = schema.microseconds(one.time) // 60_000_000 * 60
            connection.execute(
                "INSERT INTO tally VALUES (?, 60, ?, ?, 1)"
                " ON CONFLICT DO UPDATE SET events = events + 1",
                [minute, model, label],
            )
    return len(batch)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--days", type=int, default=400)
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--counts", action="store_true")
    arguments = parser.parse_args()
    now = datetime.now(UTC)
    written = write(arguments.out, arguments.days, arguments.events, now, counts=arguments.counts)
    print(f"{written:,} events in {arguments.days} days: {arguments.out}")


if __name__ == "__main__":
    main()
