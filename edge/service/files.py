"""The service's files on a system: units, settings, its user; installed and removed."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from edge.errors import EdgeError, MissingDataError, UsageError

HOME = "/opt/emotion-edge"
"""Where the units in the repository expect the package; another place is written into them."""
UNITS = ("edge.service", "edge-retention.service", "edge-retention.timer")
ENABLED = ("edge.service", "edge-retention.timer")
_HIDDEN = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")
"""What the service's sandbox does not see."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each file goes, below `root` ("/" on a live system, a mounted card's else)."""

    root: Path = Path("/")

    @property
    def units(self) -> Path:
        return self.root / "etc/systemd/system"

    @property
    def network(self) -> Path:
        return self.units / "edge.service.d" / "network.conf"

    @property
    def settings(self) -> Path:
        return self.root / "etc/edge/edge.toml"

    @property
    def environment(self) -> Path:
        return self.root / "etc/edge/edge.env"

    @property
    def user(self) -> Path:
        return self.root / "etc/sysusers.d/edge.conf"

    @property
    def tmpfiles(self) -> Path:
        return self.root / "etc/tmpfiles.d/edge.conf"

    @property
    def state(self) -> Path:
        return self.root / "var/lib/edge"


def shipped() -> Path:
    """The folder with the units as they were shipped. Raises MissingDataError."""
    here = Path(__file__).resolve().parents[2]
    for place in (Path(sys.prefix) / "share/emotion-edge/systemd", here / "systemd"):
        if (place / UNITS[0]).is_file():
            return place
    raise MissingDataError("this installation has no systemd units: install the package again")


def install(layout: Layout, prefix: Path, config: Path | None, *, network: bool) -> list[Path]:
    """Write the files; the settings only where there are none. Returns what was written.

    prefix: the virtual environment that the service runs, as the booted system sees it
    config: settings to take over, else a file with every default
    network: let the service beyond loopback
    Raises UsageError for a place that the service cannot see, EdgeError where files cannot be
    written.
    """
    if any(prefix.is_relative_to(place) for place in _HIDDEN):
        raise UsageError(
            f"the service cannot see {prefix}: do `sudo make install` (or ./install.sh) in the "
            f"clone, which makes an environment in {HOME} and the service with it"
        )
    source, written = shipped(), []
    try:
        for unit in UNITS:
            text = (source / unit).read_text(encoding="utf-8")
            written.append(_put(layout.units / unit, text.replace(HOME, str(prefix))))
        for name, place in (("sysusers", layout.user), ("tmpfiles", layout.tmpfiles)):
            written.append(_put(place, (source / f"edge.{name}.conf").read_text("utf-8")))
        backoff = layout.root / prefix.relative_to("/") / "libexec" / "edge-backoff"
        written.append(_put(backoff, (source / "edge-backoff").read_text("utf-8"), 0o755))
        if network:
            written.append(_put(layout.network, (source / "network.conf").read_text("utf-8")))
        if config is not None or not layout.settings.exists():
            written.append(_put(layout.settings, _settings_text(config), 0o600))
        if not layout.environment.exists():
            example = (source / "edge.env.example").read_text(encoding="utf-8")
            written.append(_put(layout.environment, example, 0o600))
    except OSError as error:
        raise EdgeError(
            f"cannot write {error.filename} ({error.strerror}): run this with sudo"
        ) from error
    return written


def uninstall(layout: Layout) -> list[Path]:
    """Remove what `install` wrote, less settings and log. Returns what was removed."""
    places = [*(layout.units / unit for unit in UNITS)]
    places += [layout.network, layout.user, layout.tmpfiles]
    removed = []
    try:
        for place in places:
            if place.exists():
                place.unlink()
                removed.append(place)
        if layout.network.parent.is_dir() and not any(layout.network.parent.iterdir()):
            layout.network.parent.rmdir()
    except OSError as error:
        raise EdgeError(
            f"cannot remove {error.filename} ({error.strerror}): run this with sudo"
        ) from error
    return removed


def default_settings() -> str:
    """What a new service starts with, as TOML: the defaults, and its page, on loopback."""
    from edge.settings.sections import Settings, StatusSettings
    from edge.settings.toml import as_toml

    return as_toml(Settings(status=StatusSettings(enabled=True)))


def _settings_text(config: Path | None) -> str:
    from edge.settings.loading import load

    if config is None:
        return default_settings()
    load(config)  # a service that cannot read its settings would restart for ever
    return config.read_text(encoding="utf-8")


def _put(path: Path, text: str, mode: int = 0o644) -> Path:
    """Write the file; one that only its owner may read is at no moment readable by others."""
    path.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, mode), "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)
        file.truncate()
        file.write(text)
    return path
