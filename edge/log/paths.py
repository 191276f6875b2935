"""Where a log is, if nobody says."""

from __future__ import annotations

import os
from pathlib import Path

from edge.errors import UsageError

SERVICE_LOG = Path("/var/lib/edge/log.sqlite")


def default_log_path() -> Path:
    """This service's log, in $STATE_DIRECTORY (systemd), else the user's, in the XDG state home."""
    service = os.environ.get("STATE_DIRECTORY")
    if service:
        return Path(service.split(":")[0]) / "log.sqlite"
    try:
        home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    except RuntimeError as error:  # no HOME, and a user whom the system does not know
        raise UsageError("this user has no home for a log: give --log, or set HOME") from error
    return Path(home) / "emotion-edge" / "log.sqlite"


def files_log_path() -> Path:
    """The log of pictures, clips and tries, beside the device's own."""
    return default_log_path().with_name("files.sqlite")


def demo_log_path() -> Path:
    """The log of `edge demo`, beside them."""
    return default_log_path().with_name("demo.sqlite")


def readable_log(path: Path | None) -> Path:
    """The log that a person means to read: `path`, else their own runs', else the service's."""
    if path is not None:
        return path
    own = default_log_path()
    return own if own.exists() or not os.access(SERVICE_LOG, os.R_OK) else SERVICE_LOG
