"""A run with all that goes with it: sinks, broker, status page; and again after a SIGHUP."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import EdgeError
from edge.health.report import Health
from edge.run import runner
from edge.run.summary import RunSummary
from edge.run.watchdog import Watchdog

if TYPE_CHECKING:
    from edge.settings.sections import Settings
    from edge.sinks import Sink
    from edge.status.preview import Preview

_LOGS = ("sqlite", "counts")

_log = logging.getLogger(__name__)


def run(
    settings: Settings,
    open_sinks: Callable[[Settings], Iterator[Sink]],
    *,
    reread: Callable[[], Settings] | None = None,
    annotate: str | Path | None = None,
    max_frames: int | None = None,
    max_seconds: float | None = None,
    summary: RunSummary | None = None,
    on_start: Callable[[Settings, RunSummary], None] | None = None,
) -> None:
    """Run until the sources end, a limit is reached, or SIGTERM comes; as `runner.run`.

    open_sinks: the sinks that the settings name, each opened when it is asked for
    annotate:   where to store the frames with boxes and labels: a video, or a folder/
    reread:     gives the settings again, for SIGHUP; what was set wrongly leaves the run as it is
    on_start:   receives the settings and the names of what is open, after each opening
    """
    summary = summary if summary is not None else RunSummary()
    supervise = is_supervised(settings)
    watchdog = Watchdog(Health(), reread if supervise else None)
    with ExitStack() as outputs:
        outputs.callback(watchdog.ended)
        annotation = None
        if annotate is not None:
            from edge.annotate import open_annotation

            # After a SIGHUP the frames of the next run follow in the same output.
            annotation = outputs.enter_context(open_annotation(annotate))
        while True:
            with ExitStack() as stack:
                sinks, preview, summary.page = _opened(
                    settings, open_sinks, watchdog, stack, supervise
                )
                runner.run(
                    settings,
                    sinks,
                    annotation=annotation,
                    preview=preview,
                    max_frames=max_frames,
                    max_seconds=max_seconds,
                    summary=summary,
                    watchdog=watchdog,
                    supervise=supervise,
                    on_start=partial(on_start, settings) if on_start is not None else None,
                )
            if watchdog.fresh is None:
                return
            settings, watchdog.fresh = watchdog.fresh, None


def is_supervised(settings: Settings) -> bool:
    """Whether nobody watches this run: systemd started it, or the settings say so."""
    wanted = settings.service.supervise
    return wanted == "always" or (wanted == "auto" and bool(os.environ.get("NOTIFY_SOCKET")))


def _opened(
    settings: Settings,
    open_sinks: Callable[[Settings], Iterator[Sink]],
    watchdog: Watchdog,
    stack: ExitStack,
    supervise: bool,
) -> tuple[list[Sink], Preview | None, str]:
    """The sinks, what shows the camera's picture on the status page, and that page's address."""
    from edge.log.configure import events_log, log_path

    health, log = watchdog.health, events_log(settings)
    health.opening()
    health.tell_moments(settings.privacy.mode != "counts")
    sinks: list[Sink] = []
    if settings.mqtt.host and log is None:
        why = 'privacy.mode is "counts"' if settings.log.path != "none" else "no log is kept"
        _log.warning("mqtt.host is set and no event will be sent: %s", why)
    if settings.mqtt.host and log is not None:
        from edge.mqtt.sink import MqttSink

        # Before the log, and so closed after it: what the log commits last is sent too.
        part = health.part("mqtt", "sink")
        sender = MqttSink(log, settings.mqtt, part=part, report=health.report)
        sinks.append(stack.enter_context(sender))
    if settings.alerts.url.get_secret_value():
        from edge.status.alerts import Alerts

        counts_only = settings.privacy.mode == "counts"
        part = health.part("alerts", "sink")
        part.running(0)
        stack.enter_context(
            Alerts(
                settings.alerts, health.report, log_path(settings), part, counts_only=counts_only
            )
        )
    preview, page = None, ""
    if settings.status.enabled:
        preview, page = _open_page(settings, health, sinks, stack)
    for sink in open_sinks(settings):
        stack.enter_context(sink)
        if supervise:
            from edge.sinks.guarded import GuardedSink

            sink = GuardedSink(sink, health.part(_name(sink), "sink"))
        sinks.append(sink)
    return sinks, preview, page


def _open_page(
    settings: Settings, health: Health, sinks: list[Sink], stack: ExitStack
) -> tuple[Preview | None, str]:
    """The status page, until `stack` closes, and its address; "" where its port is taken.

    What tells it who is there is added to the sinks.
    """
    from edge.log.configure import log_path
    from edge.status.server import StatusPage

    people, preview = None, None
    if settings.privacy.mode != "counts":
        from edge.status.present import FRESH_S, PresentSink

        interval_s = settings.smoothing.event_interval_s
        present = stack.enter_context(PresentSink(max(FRESH_S, 2 * interval_s)))
        sinks.append(present)
        people = present.people
    if settings.status.preview and people is None:
        _log.warning('status.preview shows no picture: privacy.mode is "counts"')
    elif settings.status.preview:
        from edge.status.preview import Preview

        preview = Preview(settings.status.preview_fps)
    try:
        page = StatusPage(
            settings.status,
            health.report,
            log_path(settings),
            people,
            preview=preview,
            run=settings,
        )
    except EdgeError as error:  # a port that is taken: the run is worth more than its page
        _log.error("%s", error)
        health.part("status page", "sink").waiting(str(error))
        return None, ""
    stack.enter_context(page)
    if preview is not None:
        stack.callback(preview.close)
    return preview, page.url


def _name(sink: Sink) -> str:
    kind = type(sink).__name__.removesuffix("Sink").lower()
    return "log" if kind in _LOGS else kind
