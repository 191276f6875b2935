"""The last report of a run as a file in memory (/run), for `edge status` and for scripts."""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from edge.errors import DataError, MissingDataError
from edge.health.report import Report
from edge.system.outputs import write_state

INTERVAL_S = 2.0
SYSTEM = Path("/run/edge")
MEMORY = Path("/dev/shm")
_NAME = "health.json"
_MAX_BYTES = 1 << 20


def folder(environ: Mapping[str, str] | None = None) -> Path | None:
    """Where this process may leave its report: systemd's RUNTIME_DIRECTORY, else the user's own."""
    environ = os.environ if environ is None else environ
    if service := environ.get("RUNTIME_DIRECTORY"):
        return Path(service.split(":")[0])
    user = environ.get("XDG_RUNTIME_DIR")
    return Path(user) / "edge" if user and Path(user).is_dir() else None


def report_folder() -> Path | None:
    """`folder`, else one of this user's in memory: su, cron and docker give none."""
    if found := folder():
        return found
    own = MEMORY / f"edge-{os.geteuid()}"
    try:
        there = own.lstat()
    except OSError:
        return own if MEMORY.is_dir() else None
    # Anybody may make folders there: another's would read what we say, or say it for us.
    ours = there.st_uid == os.geteuid() and not there.st_mode & 0o022
    return own if stat.S_ISDIR(there.st_mode) and ours else None


class HealthFile:
    """Writes a report every two seconds, whole or not at all, where the folder permits it."""

    def __init__(self, where: Path | None, clock: Callable[[], float] = time.monotonic) -> None:
        self.path = where / _NAME if where is not None else None
        self._clock = clock
        self._due_s = float("-inf")

    def offer(self, report: Callable[[], Report]) -> None:
        """Call it as often as you like."""
        if self.path is None or self._clock() < self._due_s:
            return
        self._due_s = self._clock() + INTERVAL_S
        try:
            self.path.parent.mkdir(mode=0o750, exist_ok=True)
            write_state(self.path, json.dumps(report().as_dict()), mode=0o640)
        except OSError:
            return

    def remove(self) -> None:
        if self.path is not None:
            try:
                self.path.unlink(missing_ok=True)
            except OSError:
                return


def read(where: Path | None = None) -> dict[str, Any]:
    """The report in `where`, by default the service's, else this user's run's.

    Raises MissingDataError where nothing runs, DataError for a file that is none of ours.
    """
    places = [where] if where is not None else [SYSTEM, report_folder()]
    for place in places:
        if place is None:
            continue
        try:
            with (place / _NAME).open(encoding="utf-8") as file:
                found = json.loads(file.read(_MAX_BYTES))
        except FileNotFoundError:
            continue
        except PermissionError as error:
            raise MissingDataError(
                f"no permission to read {place / _NAME}: use sudo, or join the group edge"
            ) from error
        except (OSError, ValueError) as error:
            raise DataError(
                f"{place / _NAME} is no report ({error}): is edge up to date?"
            ) from error
        if isinstance(found, dict) and "parts" in found:
            return found
        raise DataError(f"{place / _NAME} is no report: is edge up to date?")
    raise MissingDataError(
        "nothing runs here that says how it is: start it with `edge run`, or `systemctl start edge`"
    )
