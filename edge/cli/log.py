"""`edge log`: read the log, export it, and make events leave it."""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge.cli.forecast import forecast
from edge.errors import UsageError

if TYPE_CHECKING:
    from edge.log.filter import Filter
    from edge.log.reader import Log
    from edge.settings.sections import Settings

app = typer.Typer(help="The log of events on this device.", no_args_is_help=True)

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_BYTES = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}


class Modality(StrEnum):
    FACE = "face"
    SPEECH = "speech"
    FUSION = "fusion"


class By(StrEnum):
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    WEEKDAY = "weekday"


_Path = Annotated[
    Path | None, typer.Option("--log", help="The log's file.", show_default="the one of edge run")
]
_AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
_Label = Annotated[str | None, typer.Option(help="Only this label.")]
_Modality = Annotated[Modality | None, typer.Option(help="Only of these.")]
_Since = Annotated[
    str | None, typer.Option(help="Not before: 90s, 15m, 2h, 7d ago, or 2026-07-25T14:00.")
]
_Until = Annotated[str | None, typer.Option(help="Only before, as --since.")]


@app.command()
def stats(
    log: _Path = None,
    by: Annotated[
        By | None,
        typer.Option(metavar="<by>", help="hour, day, week, month or weekday: a line for each."),
    ] = None,
    label: _Label = None,
    modality: _Modality = None,
    since: _Since = None,
    until: _Until = None,
    as_json: _AsJson = False,
) -> None:
    """How many events, from when to when, of which labels, and how many visitors."""
    from edge.cli.log_stats import as_json_text, as_lines
    from edge.log.paths import readable_log
    from edge.log.reader import open_log

    with open_log(readable_log(log)) as opened:
        which = _filter(opened, label, modality, since, until)
        found = opened.stats(which=which)
        table = None if by is None else opened.table(by, which)
    if as_json:
        typer.echo(as_json_text(found, by, table))
        return
    for line in as_lines(found, by, table):
        typer.echo(line)


@app.command()
def show(
    log: _Path = None,
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="How many.")] = 20,
    label: _Label = None,
    modality: _Modality = None,
    since: _Since = None,
    until: _Until = None,
    as_json: _AsJson = False,
) -> None:
    """The latest events, the newest last."""
    from edge.log.clocks import MARK, is_wrong, marked
    from edge.log.paths import readable_log
    from edge.log.reader import open_log
    from edge.sinks.console import blocks, describe
    from edge.sinks.event_json import as_dict

    with open_log(readable_log(log)) as opened:
        events = opened.latest(count, _filter(opened, label, modality, since, until))
        _mention_damaged(opened)
    now = datetime.now(UTC)
    if as_json:
        found = [marked(as_dict(event), event.time, now) for event in events]
        typer.echo(json.dumps(found, indent=2))
        return
    if not events:
        typer.echo("no event of the log matches", err=True)
    cells = blocks(sys.stdout)
    for event in events:
        mark = f"  {MARK}" if is_wrong(event.time, now) else ""
        typer.echo(f"{_local(event.time)}  {describe(event, cells)}{mark}")


app.command()(forecast)


@app.command()
def export(
    to: Annotated[
        Path, typer.Argument(writable=True, help="OUT.csv, .json, .jsonl or .parquet; - to print.")
    ],
    log: _Path = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format", help="csv, json, jsonl or parquet.", show_default="by the file's name"
        ),
    ] = None,
    counts: Annotated[bool, typer.Option("--counts", help="Counts an interval instead.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
    label: _Label = None,
    modality: _Modality = None,
    since: _Since = None,
    until: _Until = None,
) -> None:
    """Write the events to a file for other programs; times are UTC."""
    from edge.log import export as exporting
    from edge.log.database import files
    from edge.log.paths import readable_log
    from edge.log.reader import open_log
    from edge.system.outputs import check_output

    path, printed = readable_log(log), str(to) == "-"
    writer = exporting.writer_for(form or ("jsonl" if printed else to.suffix.lstrip(".")))
    if not printed:
        check_output(to, files(path), force=force)
    with open_log(path) as opened:
        which = _filter(opened, label, modality, since, until)
        table = (
            exporting.counts_table(opened.counts(which))
            if counts
            else exporting.events_table(opened.events(which), opened.score_labels())
        )
        if printed:
            exporting.print_table(table, sys.stdout, writer)
        else:
            count = exporting.export_file(table, to, writer)
        _mention_damaged(opened)
    if printed:
        return
    typer.echo(f"{count} {'counts' if counts else 'events'} written to {to}", err=True)


@app.command()
def purge(
    log: _Path = None,
    older_than: Annotated[str | None, typer.Option(help="Age: 12h, 30d, 8w.")] = None,
    max_size: Annotated[str | None, typer.Option(help="Size to cut the log to: 20MB.")] = None,
    config: Annotated[
        Path | None, typer.Option(help="Apply log.retention_days and log.max_size_mb of this file.")
    ] = None,
    as_json: _AsJson = False,
) -> None:
    """Delete the old events, for good; a run that writes the log may go on."""
    from edge.log.configure import log_path, retention
    from edge.log.purge import keep, purge

    if older_than is None and max_size is None:
        if config is None:
            raise UsageError(
                "nothing says what to purge: give --older-than, --max-size or both, or --config"
            )
        settings = _settings(config)
        path = log or log_path(settings)
        if path is None:
            raise UsageError(f'{config} keeps no log (log.path is "none"): give another --log')
        gone = keep(path, retention(settings.log), datetime.now(UTC))
    else:
        path = log or (log_path(_settings(config)) if config else None) or _path(None)
        before = datetime.now(UTC) - _age(older_than) if older_than else None
        gone = purge(path, before=before, max_size_bytes=_bytes(max_size) if max_size else None)
    _tell_deleted(path, gone, as_json)


@app.command("notice")
def privacy_notice(
    config: Annotated[Path | None, typer.Option(help="Settings, as TOML.")] = None,
    who: Annotated[
        str, typer.Option(help="Who answers for the device, and how they are reached.")
    ] = "",
) -> None:
    """A text to put up beside the camera: what it does, what is kept, and for how long."""
    from edge.log.privacy_notice import notice_text

    typer.echo(notice_text(_settings(config), who))


@app.command()
def delete(
    log: _Path = None,
    every: Annotated[bool, typer.Option("--all", help="Every event; nothing less.")] = False,
    as_json: _AsJson = False,
) -> None:
    """Delete the whole log's content, for good, with the damaged logs set aside beside it."""
    from edge.log.purge import delete_all

    if not every:
        raise UsageError("delete takes every event: say so with --all, or use `edge log purge`")
    path = _path(log)
    _tell_deleted(path, delete_all(path), as_json)


def _mention_damaged(log: Log) -> None:
    if log.skipped:
        typer.echo(f"left out {log.skipped} damaged events", err=True)


def _path(log: Path | None) -> Path:
    from edge.log.paths import default_log_path

    return log if log is not None else default_log_path()


def _settings(config: Path | None) -> Settings:
    from edge.settings.loading import load

    return load(config)


def _filter(
    log: Log, label: str | None, modality: Modality | None, since: str | None, until: str | None
) -> Filter:
    """Raises UsageError for what is no time, and for a label that this log cannot hold."""
    from edge.log.filter import Filter
    from edge.models.labels import spellings

    known = log.labels() if label is not None else []
    if label is not None and known and not set(known).intersection(spellings(label)):
        raise UsageError(f"no label of this log is {label!r}: choose one of {', '.join(known)}")
    times = [_time(text) if text else None for text in (since, until)]
    if times[0] and times[1] and times[0] >= times[1]:
        raise UsageError(f"nothing lies between {since} and {until}: give an earlier --since")
    return Filter(label, modality.value if modality else None, *times)


def _time(text: str) -> datetime:
    """An age before now, or a date and time, in the machine's zone where it names none."""
    if re.fullmatch(r"\d+[a-z]", text):
        return datetime.now(UTC) - _age(text)
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"{text!r} is no time: give 90s, 15m, 2h, 7d or 2026-07-25T14:00"
        ) from error


def _age(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,5})([smhdw])", text)
    if not found:
        raise UsageError(f"{text!r} is no age: give 90s, 15m, 12h, 30d or 8w")
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])


def _bytes(text: str) -> int:
    found = re.fullmatch(r"(\d{1,15})\s*([KMG]?B?)", text.upper())
    if not found or found[2] not in _BYTES:
        raise UsageError(f"{text!r} is no size: give 500KB, 20MB or 1GB")
    return int(found[1]) * _BYTES[found[2]]


def _tell_deleted(path: Path, gone: int, as_json: bool) -> None:
    from edge.cli.units import size
    from edge.log.database import size_bytes

    left = size_bytes(path)
    if as_json:
        typer.echo(json.dumps({"log": str(path), "deleted": gone, "size_bytes": left}))
    else:
        typer.echo(f"{gone:,} events deleted; {path} is {size(left)} now")


def _local(time: datetime) -> str:
    return time.astimezone().strftime("%Y-%m-%d %H:%M:%S")
