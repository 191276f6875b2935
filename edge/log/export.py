"""The log in other programs' formats, one row at a time whatever the log's size."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from edge.errors import MissingPackageError, SinkError, UsageError
from edge.log.clocks import marked
from edge.log.stats import Count
from edge.sinks.event_json import as_dict
from edge.system.outputs import why_not, written_whole
from edge.system.pip import pip_install
from edge.system.printable import bytes_onto
from edge.types import EmotionEvent

_FACE = ("x", "y", "width", "height")
_ROWS_AT_ONCE = 10_000
# Column → its type in Parquet; a time is UTC, to the microsecond.
_EVENT = {
    "time": "timestamp",
    "modality": "string",
    "track_id": "int64",
    "label": "string",
    "confidence": "float64",
    **dict.fromkeys(_FACE, "int32"),
    "model": "string",
    "source": "string",
    "index": "int64",
    "media_s": "float64",
    "wrong_clock": "bool_",
}
_COUNT = {
    "start": "timestamp",
    "interval_s": "int32",
    "modality": "string",
    "label": "string",
    "events": "int64",
    "model": "string",
    "wrong_clock": "bool_",
}


@dataclass(frozen=True, slots=True)
class Table:
    """Rows to be written once: as JSON objects, or flat.

    columns: name → type, of the flat rows
    rows:    the objects; times are still `datetime`
    flat:    an object's values by column; a missing one is empty
    """

    columns: Mapping[str, str]
    rows: Iterable[dict[str, Any]]
    flat: Callable[[dict[str, Any]], Mapping[str, Any]]


def events_table(events: Iterable[EmotionEvent], labels: Sequence[str]) -> Table:
    """A column per label's score, empty where the model has none."""
    now = datetime.now(UTC)
    return Table(
        columns=_EVENT | {f"score_{label}": "float64" for label in labels},
        rows=(marked(as_dict(event) | {"time": event.time}, event.time, now) for event in events),
        flat=_flat_event,
    )


def _flat_event(row: dict[str, Any]) -> Mapping[str, Any]:
    scores = {f"score_{label}": score for label, score in row["scores"].items()}
    return {"wrong_clock": False} | row | (row["face"] or {}) | scores


def counts_table(counts: Iterable[Count]) -> Table:
    now = datetime.now(UTC)
    return Table(
        columns=_COUNT,
        rows=(marked(asdict(count), count.start, now) for count in counts),
        flat=lambda row: {"wrong_clock": False} | row,
    )


def write_csv(table: Table, stream: BinaryIO) -> None:
    """A header and a line each."""
    with _text(stream) as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(map(_cell, table.columns))
        for row in map(table.flat, table.rows):
            writer.writerow([_cell(row.get(name)) for name in table.columns])


def write_jsonl(table: Table, stream: BinaryIO) -> None:
    """As `edge run --output jsonl` prints them."""
    for row in table.rows:
        stream.write(_line(row) + b"\n")


def write_json(table: Table, stream: BinaryIO) -> None:
    """One array of objects, an object a line."""
    before = b"["
    for row in table.rows:
        stream.write(before + b"\n" + _line(row))
        before = b","
    stream.write(b"\n]\n" if before == b"," else b"[]\n")


def write_parquet(table: Table, stream: BinaryIO) -> None:
    """Raises MissingPackageError without pyarrow."""
    try:
        arrow: Any = import_module("pyarrow")
        parquet: Any = import_module("pyarrow.parquet")
    except ImportError as error:
        raise MissingPackageError(
            f"Parquet needs pyarrow: {pip_install('emotion-edge[parquet]')}, or export to csv"
        ) from error
    kinds = {"timestamp": arrow.timestamp("us", tz="UTC")}
    schema = arrow.schema(
        [
            (name, kinds[kind] if kind in kinds else getattr(arrow, kind)())
            for name, kind in table.columns.items()
        ]
    )
    with parquet.ParquetWriter(stream, schema) as writer:
        rows = map(table.flat, table.rows)
        while some := list(islice(rows, _ROWS_AT_ONCE)):
            columns = {name: [row.get(name) for row in some] for name in table.columns}
            writer.write_table(arrow.table(columns, schema=schema))


Writer = Callable[[Table, BinaryIO], None]
FORMATS: dict[str, Writer] = {
    "csv": write_csv,
    "json": write_json,
    "jsonl": write_jsonl,
    "parquet": write_parquet,
}


def writer_for(name: str) -> Writer:
    """Raises UsageError for a format that is not in `FORMATS`."""
    if name not in FORMATS:
        raise UsageError(f"there is no format {name!r}: choose one of {', '.join(FORMATS)}")
    return FORMATS[name]


def export_file(table: Table, path: Path, writer: Writer) -> int:
    """Write the file, whole or not at all; how many rows. Raises SinkError where it cannot."""
    count = 0

    def counted() -> Iterator[dict[str, Any]]:
        nonlocal count
        for row in table.rows:
            yield row
            count += 1

    try:
        with written_whole(path) as beside, beside.open("wb") as stream:
            writer(replace(table, rows=counted()), stream)
    except OSError as error:
        raise SinkError(f"cannot write {path} ({why_not(error)}): give another file") from error
    return count


def print_table(table: Table, stream: TextIO, writer: Writer) -> None:
    """Write it on `stream`; a terminal obeys nothing in it. Raises UsageError for Parquet there."""
    if stream.isatty() and writer is write_parquet:
        raise UsageError("Parquet is nothing to read on a terminal: give a file's name")
    raw = bytes_onto(stream) if stream.isatty() else stream.buffer
    writer(table, raw)
    raw.flush()


@contextmanager
def _text(stream: BinaryIO) -> Iterator[TextIO]:
    """UTF-8 on a byte stream, which stays open for its owner."""
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
    try:
        yield text
        text.flush()
    finally:
        text.detach()


def _line(row: Mapping[str, Any]) -> bytes:
    return json.dumps(row, separators=(",", ":"), default=_plain).encode()


def _cell(value: Any) -> Any:
    """A name of a foreign model must not become a formula where the file is opened."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    if isinstance(value, bool):
        return str(value).lower()
    return _plain(value)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
