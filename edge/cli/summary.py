"""What `edge run` says at its start and at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from edge.system.printable import one_line
from edge.system.redaction import redact

if TYPE_CHECKING:
    from edge.run.summary import RunSummary
    from edge.settings.sections import Settings


def print_start(settings: Settings, summary: RunSummary) -> None:
    """One line on standard error: what a run looks at, with what, and where it can be read."""
    from edge.log.configure import log_path

    log = log_path(settings)
    counts = " (counts only)" if settings.privacy.mode == "counts" else ""
    parts = [
        f"camera {summary.source}" if summary.source else "no camera",
        f"microphone {summary.sound}" if summary.sound else "no microphone",
        f"networks {', '.join(summary.networks)}",
        f"log {log}{counts}" if log is not None else "no log",
        f"page {summary.page}" if summary.page else "no page",
    ]
    typer.echo(one_line(redact("; ".join(parts))), err=True)


def _plural(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def print_summary(summary: RunSummary, settings: Settings, annotate: str | None) -> None:
    """On standard error: standard output is the events' alone."""
    from edge.log.configure import log_path

    labels = ", ".join(f"{label} {n}" for label, n in summary.labels.most_common()) or "none"
    ended = f"ended by {summary.ended or 'an interruption'}"
    lines = []
    if summary.source:
        lines.append(
            f"{summary.source}: {_plural(summary.frames, 'frame')} in {summary.seconds:.1f} s "
            f"({summary.frames_per_second:.1f} a second), {summary.dropped} dropped; {ended}"
        )
    if summary.sound:
        notes = "".join(f"; {note}" for note in summary.notes)
        only = "" if summary.source else f"; {ended}"
        lines.append(
            f"{summary.sound}: {summary.sound_s:.1f} s of sound, {summary.windows} windows, a "
            f"voice in {summary.voiced}"
            f"{notes}{only}"
        )
    faces = f"faces followed: {summary.tracks}; " if summary.source else ""
    kinds = ", ".join(f"{kind} {n}" for kind, n in sorted(summary.modalities.items()))
    of_kinds = f" of {kinds}" if summary.sound and kinds else ""
    lines.append(f"{faces}events: {summary.events}{of_kinds} ({labels})")
    log = log_path(settings)
    if log is not None:
        lines.append(f"log: {log}")
    if annotate is not None:
        lines.append(f"annotated: {annotate}")
    for line in lines:
        typer.echo(one_line(redact(line)), err=True)
