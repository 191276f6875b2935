"""The log as an outbox: which of its events are still to be sent, over restarts and power cuts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from edge.errors import EdgeError, MissingDataError
from edge.log.reader import open_log
from edge.log.schema import microseconds
from edge.system.outputs import write_state
from edge.types import EmotionEvent

CARD_INTERVAL_S = 300.0
"""How often the cursor goes to the card; into memory (/run) it goes each time."""


def event_id(number: int, event: EmotionEvent) -> str:
    """Names one event of one log for good: its number there, and its time."""
    return f"{number}-{microseconds(event.time)}"


class Outbox:
    """Reads the log's events in order, from the first that was not settled.

    The cursor is kept in a file beside the log and, where there is a folder in memory, there too:
    a process that dies goes on where it was, a device that loses power sends some minutes again
    (under the same `event_id`). An outbox that is new begins at the log's end. For one thread.
    """

    def __init__(
        self,
        log: Path,
        name: str,
        memory: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """name: whose outbox this is: several may follow one log; memory: a folder in /run."""
        self._log = log
        self._files = [(log.with_name(f"{log.stem}.{name}-cursor"), CARD_INTERVAL_S)]
        if memory is not None:
            self._files.append((memory / f"{log.stem}.{name}-cursor", 0.0))
        self._clock = clock
        self._due_s = {path: float("-inf") for path, _ in self._files}
        self._number, self._time_us = self._load()
        self._taken = self._number
        self.skipped = 0

    def take(self, count: int) -> list[tuple[int, EmotionEvent]]:
        """The next events that were not taken, with their numbers; [] while there are none.

        Damaged ones are left out, and counted in `skipped`.

        Raises SinkError where the log cannot be read.
        """
        try:
            with open_log(self._log) as log:
                if not self._follows(log.after_id(self._number - 1, 1), log.max_assigned_id()):
                    self._number = self._time_us = self._taken = 0
                before = log.skipped
                found = log.after_id(self._taken, count)
                self.skipped += log.skipped - before
                self._taken = max(self._taken, log.last_skipped)
        except MissingDataError:  # the run that writes it has not begun
            return []
        if found:
            self._taken = max(self._taken, found[-1][0])
        return found

    def settle(self, number: int, event: EmotionEvent) -> None:
        """All events up to this one have arrived."""
        self._number, self._time_us = number, microseconds(event.time)
        for path, interval_s in self._files:
            if self._clock() >= self._due_s[path]:
                self._save(path, interval_s)

    def rewind(self) -> None:
        """What was taken and not settled is to be taken again."""
        self._taken = self._number

    def close(self) -> None:
        for path, interval_s in self._files:
            self._save(path, interval_s)

    def _follows(self, at_cursor: list[tuple[int, EmotionEvent]], last: int) -> bool:
        """Whether this is still the log that the cursor was set in, and not a new one."""
        if self._number == 0:
            return True
        if not at_cursor:
            self._time_us = 0  # a time of an event that was deleted is not to be kept
            # Emptied, or its last events went with the power; else a new one, that begins below.
            return last == 0 or last >= self._number
        number, event = at_cursor[0]
        return number > self._number or microseconds(event.time) == self._time_us

    def _load(self) -> tuple[int, int]:
        known = [cursor for path, _ in self._files if (cursor := _read(path)) is not None]
        if known:
            # Of two in one log the later; a new log is recognized by the time.
            return max(known, key=lambda cursor: cursor[1])
        try:
            with open_log(self._log) as log:
                last = log.last_number()
                event = log.after_id(last - 1, 1)
        except EdgeError:
            return 0, 0
        return (last, microseconds(event[0][1].time)) if event else (0, 0)

    def _save(self, path: Path, interval_s: float) -> None:
        self._due_s[path] = self._clock() + interval_s
        try:
            path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            write_state(path, json.dumps([self._number, self._time_us]), durable=True)
        except OSError:  # a full card: then some events are sent again after a restart
            return


def _read(path: Path) -> tuple[int, int] | None:
    try:
        number, time_us = json.loads(path.read_text(encoding="utf-8")[:200])
    except (OSError, ValueError, TypeError):
        return None
    if type(number) is not int or type(time_us) is not int or number < 0:
        return None
    return number, time_us
