"""The log that the settings ask for: which sinks write it, and where its events can be read."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import UsageError
from edge.log.paths import default_log_path, files_log_path
from edge.log.retention import Retention
from edge.log.spool import in_memory_name, memory_folder

if TYPE_CHECKING:
    from edge.log.batch_sink import BatchSink
    from edge.settings.sections import LogSettings, Settings
    from edge.sinks import Sink

_log = logging.getLogger(__name__)


def log_path(settings: Settings) -> Path | None:
    """The log's file on the disk; None where the settings keep none.

    Where they name none, files and the synthetic clip have one beside the device's own.
    """
    if settings.log.path == "none":
        return None
    if settings.log.path:
        return Path(settings.log.path)
    return files_log_path() if _of_files(settings) else default_log_path()


def _of_files(settings: Settings) -> bool:
    """Whether a run looks at files, or at what is made up, and not at what is here."""
    from edge.sources.video.spec import parse

    camera, mic = settings.camera.source.get_secret_value(), settings.mic.source
    if camera == "none":
        return mic == "synthetic" or Path(mic).is_file()
    return parse(camera).kind in ("path", "synthetic")


def keeps_events(settings: Settings) -> bool:
    """Whether a log holds each event: only what one holds can be sent."""
    return settings.log.path != "none" and settings.privacy.mode != "counts"


def events_log(settings: Settings) -> Path | None:
    """The log that holds each event: on the disk, or in memory; None where none does."""
    path = log_path(settings)
    if path is None or not keeps_events(settings):
        return None
    return _in_memory(path) if settings.log.mode == "ram" else path


def retention(settings: LogSettings) -> Retention:
    return Retention(timedelta(days=settings.retention_days), _bytes(settings.max_size_mb))


def log_sinks(settings: Settings, annotate: Path | None = None) -> Iterator[Sink]:
    """The sinks that write this log, each opened when it is asked for; none where none is kept.

    annotate: where the frames of this run are stored, which the log then says
    Raises SinkError where it cannot be opened, UsageError for one in memory where there is none.
    """
    path = log_path(settings)
    if path is None:
        return
    opened = _counts(path, settings) if _counted(settings) else _events(path, settings)
    if annotate is not None:
        opened.note(f"this run stores its frames, with boxes and labels, in {annotate}")
    yield opened
    in_memory = events_log(settings)
    if in_memory is not None and in_memory != path:
        from edge.log.event_sink import SqliteSink

        keep = Retention(timedelta(days=settings.log.retention_days), _bytes(settings.log.ram_mb))
        yield SqliteSink(in_memory, commit_interval_s=1.0, memory=memory_folder(), retention=keep)


def _counted(settings: Settings) -> bool:
    return settings.privacy.mode == "counts" or settings.log.mode == "ram"


def _events(path: Path, settings: Settings) -> BatchSink:
    from edge.log.event_sink import SqliteSink

    return SqliteSink(
        path,
        settings.log.commit_interval_s,
        memory=memory_folder(),
        retention=retention(settings.log),
    )


def _counts(path: Path, settings: Settings) -> BatchSink:
    from edge.log.count_sink import CountsSink

    sink = CountsSink(
        path,
        settings.log.commit_interval_s,
        interval_s=settings.privacy.count_interval_s,
        events=events_log(settings),
        memory=memory_folder(),
        retention=retention(settings.log),
    )
    if sink.holds_events:
        _log.warning(
            "the log %s holds events of earlier runs: they stay for log.retention_days,"
            " or until `edge log delete --all`",
            path,
        )
    return sink


def _in_memory(path: Path) -> Path:
    folder = memory_folder()
    if folder is None:
        raise UsageError(
            'log.mode is "ram", and there is no folder in memory: mount a tmpfs at /dev/shm, or'
            ' set log.mode to "card"'
        )
    return folder / f"{in_memory_name(path)}.sqlite"


def _bytes(megabytes: float) -> int:
    return round(megabytes * 1_000_000)
