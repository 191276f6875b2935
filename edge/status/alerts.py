"""Word to a person's own service (a webhook): a source is gone, the disk fills up, the week was so.

One JSON object a POST, with a sentence as `text`, which chat services show. Sent by a thread of its
own; Apprise, which does more, is 26 MB of packages. Never a picture, a track or a score: the week
is told in sums.
"""

from __future__ import annotations

import json
import logging
import shutil
import socket
import threading
import urllib.request
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from edge.errors import EdgeError
from edge.health.part import Part, State
from edge.health.report import Report
from edge.log.clocks import EARLIEST
from edge.settings.sections import AlertSettings
from edge.status.view import Wanted, read
from edge.system.outputs import write_state
from edge.system.redaction import redact

TIMEOUT_S = 10.0
_CHECK_S = 15.0
_WEEKLY_HOUR = 8  # local time on Mondays
_MOST_WAITING = 20
_WEEK = "week"

_log = logging.getLogger(__name__)


class Alerts:
    """Checks until `close`, in a thread of its own; a context manager.

    log: whose disk is watched and whose week is told; None without one
    counts_only: the week is told without visitors
    """

    def __init__(
        self,
        settings: AlertSettings,
        report: Callable[[], Report],
        log: Path | None,
        part: Part,
        *,
        counts_only: bool = False,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        self._settings = settings
        self._report = report
        self._log_path = log
        self._part = part
        self._counts_only = counts_only
        self._now = now
        self._told: set[str] = set()
        self._waiting: list[dict[str, Any]] = []
        self._week_file = log.with_suffix(".week") if log and settings.weekly else None
        self._told_week = self._last_told()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="alerts", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._thread.join(TIMEOUT_S + 1)

    def check(self) -> None:
        """What is new waits to be sent; what could not be sent is tried again."""
        self._waiting += self._due()
        del self._waiting[:-_MOST_WAITING]
        while self._waiting and self._send(self._waiting[0]):
            if self._waiting.pop(0)["what"] == _WEEK:
                self._keep_told()

    def _watch(self) -> None:
        while not self._closing.wait(_CHECK_S):
            try:
                self.check()
            except Exception as error:  # the next check may do better
                self._part.failed(f"an alert broke ({type(error).__name__}: {error})")

    def _due(self) -> Iterator[dict[str, Any]]:
        for part in self._report().parts:
            if part.kind == "source":
                gone = part.state is not State.RUNNING
                if gone and part.since_s < 60 * self._settings.source_gone_min:
                    continue
                why = f": {part.last_error}" if gone and part.last_error else ""
                said = (
                    f"is {part.state} for {part.since_s / 60:.0f} min{why}" if gone else "is back"
                )
                yield from self._once(f"{part.name} gone", gone, f"The {part.name} {said}")
        if self._log_path is not None:
            folder = next(one for one in self._log_path.parents if one.is_dir())
            free_mb = shutil.disk_usage(folder).free / 1e6
            low = free_mb < self._settings.disk_free_mb
            yield from self._once(
                "disk nearly full", low, f"The log's disk has {free_mb:.0f} MB free"
            )
            if self._settings.weekly:
                yield from self._week(self._log_path)

    def _once(self, what: str, wrong: bool, sentence: str) -> Iterator[dict[str, Any]]:
        """When it begins, and when it is over."""
        if wrong == (what in self._told):
            return
        (self._told.add if wrong else self._told.discard)(what)
        yield self._message(what if wrong else f"{what}: over", sentence)

    def _week(self, log: Path) -> Iterator[dict[str, Any]]:
        now = self._now()
        monday = _monday(now)
        if monday < EARLIEST.date():  # the clock is not set yet
            return
        if self._told_week < EARLIEST.date():  # nor was it when the run began
            self._told_week = monday
            self._keep_told()
        if monday <= self._told_week or now.hour < _WEEKLY_HOUR:
            return
        self._told_week = monday
        last = Wanted("week", monday - timedelta(days=1))
        try:
            view = read(log, last, counts_only=self._counts_only)
        except EdgeError as error:
            _log.warning("no weekly summary: %s", error)
            return
        fractions = {label: round(count / view.moments, 3) for label, count in view.labels.items()}
        said = ", ".join(f"{label} {share:.0%}" for label, share in fractions.items())
        sentence = f"{last.title}: {view.moments:,} moments" + (f" ({said})" if said else "")
        more: dict[str, Any] = {"moments": view.moments, "labels": fractions}
        if view.visitors.visits:
            sentence += f", {view.visitors.visits:,} visitors"
            more["visitors"] = view.visitors.visits
        yield self._message(_WEEK, sentence) | more

    def _last_told(self) -> date:
        """The Monday of the last summary; of a first run this one, so that no old week is told.

        Kept in a file: a device that is switched off at night tells its week all the same.
        """
        self._told_week = _monday(self._now())
        if self._week_file is not None:
            try:
                return date.fromisoformat(self._week_file.read_text("utf-8"))
            except (OSError, ValueError):
                self._keep_told()
        return self._told_week

    def _keep_told(self) -> None:
        if self._week_file is not None:
            try:
                write_state(self._week_file, self._told_week.isoformat(), mode=0o640)
            except OSError as error:
                _log.warning("a restart may tell a week twice (%s): %s", self._week_file, error)

    def _message(self, what: str, sentence: str) -> dict[str, Any]:
        device = socket.gethostname()
        text = redact(f"{device}: {sentence}.")
        return {"text": text, "what": what, "device": device, "time": self._now().isoformat()}

    def _send(self, message: dict[str, Any]) -> bool:
        request = urllib.request.Request(
            self._settings.url.get_secret_value(),
            json.dumps(message).encode(),
            {"Content-Type": "application/json", "User-Agent": "emotion-edge"},
        )
        try:
            with urllib.request.build_opener(_NoRedirect).open(request, timeout=TIMEOUT_S):
                self._part.running()
                return True
        except (OSError, ValueError) as error:
            self._part.waiting(f"alerts.url does not take an alert ({error})")
            return False


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An alert goes where the settings say, and nowhere else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _monday(now: datetime) -> date:
    return now.date() - timedelta(days=now.weekday())
