"""The log, read: what is in it, counted or event by event."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from types import TracebackType
from typing import Self

from edge.errors import MissingDataError, SinkError
from edge.sinks import schema
from edge.types import EmotionEvent

_QUARTER_US = 900_000_000  # every time zone's hours and days begin on a quarter of a UTC hour
BUSY_TIMEOUT_S = 10.0  # a person waits for the writer; it never holds the log for long


def default_log_path() -> Path:
    """This service's log, in $STATE_DIRECTORY (systemd), else the user's, in the XDG state home."""
    service = os.environ.get("STATE_DIRECTORY")
    if service:
        return Path(service.split(":")[0]) / "log.sqlite"
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "emotion-edge" / "log.sqlite"


@dataclass(frozen=True, slots=True)
class LogStats:
    """What a log holds.

    first, last: times of the earliest and the latest event, None in an empty log
    labels:      label → events, most frequent first
    modalities:  modality → events
    days:        local date (ISO) → events, in order
    hours:       events by hour of the local day, 24
    size_bytes:  on disk, with what waits in the write-ahead log
    damaged:     logs that were set aside as damaged, beside this one
    """

    path: Path
    schema: int
    events: int
    first: datetime | None
    last: datetime | None
    labels: dict[str, int]
    modalities: dict[str, int]
    days: dict[str, int]
    hours: tuple[int, ...]
    size_bytes: int
    damaged: tuple[Path, ...]

    @property
    def shares(self) -> dict[str, float]:
        """label → its share of all events."""
        return {label: count / self.events for label, count in self.labels.items()}

    @property
    def bytes_per_event(self) -> float:
        return self.size_bytes / self.events if self.events else 0.0


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events; None stands for all of them."""

    label: str | None = None
    modality: str | None = None
    since: datetime | None = None

    def clause(self) -> tuple[str, list[str | int]]:
        """SQL and its parameters, for events joined with their model."""
        tests: list[str] = []
        values: list[str | int] = []
        if self.label is not None:
            tests.append("label = ?")
            values.append(self.label)
        if self.modality is not None:
            tests.append("modality = ?")
            values.append(self.modality)
        if self.since is not None:
            tests.append("time_us >= ?")
            values.append(schema.microseconds(self.since))
        return (" WHERE " + " AND ".join(tests) if tests else ""), values


EVERYTHING = Filter()


class Log:
    """A log opened for reading, beside a writer if there is one; a context manager."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    def stats(self, zone: tzinfo | None = None) -> LogStats:
        """Count everything; days and hours are those of `zone`, else the machine's own."""
        with plainly(self.path):
            counted = self._connection.execute(
                f"SELECT modality, label, time_us / {_QUARTER_US}, count(*), min(time_us),"
                " max(time_us) FROM event JOIN model ON model.id = model_id GROUP BY 1, 2, 3"
            ).fetchall()
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        labels: Counter[str] = Counter()
        modalities: Counter[str] = Counter()
        days: Counter[str] = Counter()
        hours: Counter[int] = Counter()
        for modality, label, quarter, count, _, _ in counted:
            local = schema.at(quarter * _QUARTER_US).astimezone(zone)
            labels[label] += count
            modalities[modality] += count
            days[local.date().isoformat()] += count
            hours[local.hour] += count
        return LogStats(
            path=self.path,
            schema=version,
            events=labels.total(),
            first=schema.at(min(row[4] for row in counted)) if counted else None,
            last=schema.at(max(row[5] for row in counted)) if counted else None,
            labels=dict(labels.most_common()),
            modalities=dict(modalities.most_common()),
            days=dict(sorted(days.items())),
            hours=tuple(hours[hour] for hour in range(24)),
            size_bytes=schema.size_bytes(self.path),
            damaged=schema.damaged_logs(self.path),
        )

    def events(self, which: Filter = EVERYTHING) -> Iterator[EmotionEvent]:
        """All events that match, in order of arrival, one at a time."""
        where, values = which.clause()
        with plainly(self.path):
            rows = self._connection.execute(f"{schema.SELECT}{where} ORDER BY event.id", values)
            yield from map(schema.decode, rows)

    def latest(self, count: int, which: Filter = EVERYTHING) -> list[EmotionEvent]:
        """The last `count` events that match, in order of arrival."""
        where, values = which.clause()
        with plainly(self.path):
            rows = self._connection.execute(
                f"{schema.SELECT}{where} ORDER BY event.id DESC LIMIT ?", [*values, count]
            ).fetchall()
        return [schema.decode(row) for row in reversed(rows)]

    def score_labels(self) -> list[str]:
        """Every label that some model of this log scores, in the models' order."""
        with plainly(self.path):
            rows = self._connection.execute(
                "SELECT value FROM model, json_each(labels) ORDER BY model.id, key"
            ).fetchall()
        return list(dict.fromkeys(label for (label,) in rows))

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_log(path: Path) -> Log:
    """Open the log for reading; nothing in it is changed, and its writer is not held up.

    Raises MissingDataError where there is none, DamagedLogError, SinkError for another file.
    """
    must_exist(path)
    where = f"{path.absolute().as_uri()}?mode={_mode(path)}"
    with plainly(path):
        connection = sqlite3.connect(
            where, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA query_only = ON")
            _must_be_ours(connection, path)
        except BaseException:
            connection.close()
            raise
    return Log(path, connection)


def _mode(path: Path) -> str:
    """How SQLite is to open a log that is only read."""
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        return "rw"  # a "ro" reader would leave its -wal and -shm files behind
    # Where we may not write and no writer has a -wal, the file is all there is.
    return "ro&immutable=1" if len(schema.files(path)) == 1 else "ro"


@contextmanager
def plainly(path: Path) -> Iterator[None]:
    """SQLite's and the system's errors as one sentence about the log."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if schema.is_damage(error):
            raise schema.DamagedLogError(
                f"the log {path} is damaged or none at all ({error}):"
                " a run sets it aside and begins anew"
            ) from error
        raise SinkError(
            f"cannot use the log {path} ({error}): try again, or as its owner"
        ) from error
    except OSError as error:
        raise SinkError(
            f"cannot use the log {path} ({error.strerror}): run as its owner"
        ) from error


def must_exist(path: Path) -> None:
    """Raise MissingDataError unless there is a log's file."""
    with plainly(path):
        if not path.is_file():
            raise MissingDataError(
                f"there is no log {path}: do `edge run` or `edge demo` first, or give another --log"
            )


def _must_be_ours(connection: sqlite3.Connection, path: Path) -> None:
    (ours,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if ours != schema.APPLICATION_ID:
        raise SinkError(f"{path} is no log of this toolkit: give another --log")
    if version != schema.SCHEMA_VERSION:
        raise SinkError(
            f"the log {path} has schema {version}, this release reads {schema.SCHEMA_VERSION}:"
            " use the release that wrote it"
        )
