"""The log's events in other programs' formats, one at a time whatever the log's size."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from edge.errors import SinkError, UsageError
from edge.sinks.jsonl import as_dict, to_line
from edge.types import EmotionEvent

_FACE = ("x", "y", "width", "height")


def write_csv(events: Iterable[EmotionEvent], labels: Sequence[str], stream: TextIO) -> None:
    """A header and a line each; a column per label's score, empty where the model has none."""
    writer = csv.writer(stream, lineterminator="\n")
    head = ("time", "modality", "track_id", "label", "confidence", *_FACE, "model")
    writer.writerow([*head, *(f"score_{label}" for label in labels)])
    for event in events:
        values = as_dict(event)
        face, scores = values["face"] or {}, values["scores"]
        values |= {side: face.get(side, "") for side in _FACE}
        writer.writerow(
            [*(values[name] for name in head), *(scores.get(label, "") for label in labels)]
        )


def write_jsonl(events: Iterable[EmotionEvent], labels: Sequence[str], stream: TextIO) -> None:
    """As `edge run --output jsonl` prints them."""
    for event in events:
        stream.write(to_line(event) + "\n")


def write_json(events: Iterable[EmotionEvent], labels: Sequence[str], stream: TextIO) -> None:
    """One array of objects, an object a line."""
    before = "["
    for event in events:
        stream.write(f"{before}\n{to_line(event)}")
        before = ","
    stream.write("\n]\n" if before == "," else "[]\n")


Writer = Callable[[Iterable[EmotionEvent], Sequence[str], TextIO], None]
FORMATS: dict[str, Writer] = {"csv": write_csv, "json": write_json, "jsonl": write_jsonl}


def writer_for(name: str) -> Writer:
    """Raises UsageError for a format that is not in `FORMATS`."""
    if name not in FORMATS:
        raise UsageError(f"there is no format {name!r}: choose one of {', '.join(FORMATS)}")
    return FORMATS[name]


def export_file(
    events: Iterable[EmotionEvent], labels: Sequence[str], path: Path, writer: Writer
) -> int:
    """Write the file, whole or not at all; how many events. Raises SinkError where it cannot."""
    part = path.with_name(path.name + ".part")
    count = 0

    def counted() -> Iterator[EmotionEvent]:
        nonlocal count
        for event in events:
            yield event
            count += 1

    try:
        try:
            with part.open("w", encoding="utf-8", newline="") as stream:
                writer(counted(), labels, stream)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise SinkError(f"cannot write {path} ({error.strerror}): give another file") from error
    return count
