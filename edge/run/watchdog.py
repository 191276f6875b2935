"""A run's signs of life to systemd and /run, and the signal to read its settings again."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edge.errors import EdgeError
from edge.health.file import HealthFile, report_folder
from edge.health.part import State
from edge.health.report import Health
from edge.run.clock import Clock
from edge.service.sd_notify import Notifier

if TYPE_CHECKING:
    from edge.settings.sections import Settings
from edge.system.early_sighup import sighup_came

STUCK_S = 20.0
"""A part whose thread has been silent for this long: then systemd gets no sign of life either."""
STATUS_S = 5.0
"""How often the status is updated."""

_log = logging.getLogger(__name__)


class Watchdog:
    """Fed by the run's own loop, `tick` by `tick`; so it says that the work gets on.

    health:   what the parts and the loop report
    reread:   gives the settings again, where there is a file to read them from (SIGHUP)
    fresh:    the settings to go on with, once they were read and differ; None until then
    """

    def __init__(
        self,
        health: Health,
        reread: Callable[[], Settings] | None = None,
        notifier: Notifier | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self.health = health
        self.fresh: Settings | None = None
        self._reread = reread
        self._notifier = notifier if notifier is not None else Notifier()
        self._file = HealthFile(report_folder(), clock)
        self._clock = clock
        self._ready = self._asked = False
        self._due_s = float("-inf")

    def tick(self, settings: Settings) -> bool:
        """The loop got on; whether it is to end, so that the run restarts with `fresh`."""
        stuck = self.health.stuck(STUCK_S)
        if not stuck:
            self._notifier.alive()
        if not self._ready and self._started():
            self._ready = self._notifier.ready()
        self._file.offer(self.health.report)
        now_s = self._clock()
        if now_s >= self._due_s:
            self._due_s = now_s + STATUS_S
            hung = f"{', '.join(stuck)} hung; " if stuck else ""
            self._notifier.status(hung + self.health.report().sentence())
        return self._asked and self._read_again(settings)

    def ended(self) -> None:
        """The run is over, for good."""
        self._notifier.stopping()
        self._file.remove()
        self._notifier.close()

    @contextmanager
    def handle_sighup(self) -> Iterator[None]:
        """While this is open, SIGHUP means: read the settings again."""
        if self._reread is None:
            yield
            return

        def ask(number: int, frame: object) -> None:
            self._asked = True

        try:
            before = signal.signal(signal.SIGHUP, ask)
        except ValueError:  # not the main thread: whoever runs us there handles its own signals
            yield
            return
        self._asked = sighup_came() or self._asked
        try:
            yield
        finally:
            signal.signal(signal.SIGHUP, before)

    def _started(self) -> bool:
        sources = [part for part in self.health.report().parts if part.kind == "source"]
        return all(part.state is not State.STARTING for part in sources)

    def _read_again(self, settings: Settings) -> bool:
        self._asked = self._ready = False  # ready once more when that is done
        self._notifier.reloading()
        try:
            fresh = self._reread() if self._reread is not None else settings
        except EdgeError as error:
            _log.error("the settings stay as they were: %s", error)
            self.health.reloaded(str(error))
            return False
        self.health.reloaded()
        if fresh == settings:
            _log.warning("the settings were read again: nothing has changed")
            return False
        sections = [name for name in fresh.__struct_fields__ if _differs(fresh, settings, name)]
        _log.warning("the settings were read again: %s changed", ", ".join(sections))
        self.fresh = fresh
        return True


def _differs(a: Settings, b: Settings, section: str) -> bool:
    return bool(getattr(a, section) != getattr(b, section))
