"""How this toolkit came onto the system, and so who takes it away or upgrades it."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path

SWITCH = "current"
"""`install.sh` keeps two environments beside each other; this link names the one in use."""
_PACKAGED_UNIT = Path("lib/systemd/system/edge.service")


class Installation(StrEnum):
    PACKAGE = "the Debian package"
    SCRIPT = "install.sh"
    CONTAINER = "a container"
    CLONE = "a clone"
    PIP = "pip"


def is_packaged(root: Path = Path("/")) -> bool:
    """Whether the units are the Debian package's."""
    return (root / _PACKAGED_UNIT).exists()


def in_use(prefix: Path) -> Path:
    """The path by which the service names its environment: the switch, where that leads to it."""
    switch = prefix.parent / SWITCH
    return switch if switch.is_symlink() and switch.resolve() == prefix.resolve() else prefix


def find(prefix: Path | None = None, root: Path = Path("/")) -> Installation:
    """Which of them the environment `prefix` is; by default, that which runs this."""
    prefix = prefix if prefix is not None else Path(sys.prefix)
    if any((root / name).exists() for name in ("run/.containerenv", ".dockerenv")):
        return Installation.CONTAINER
    if in_use(prefix) != prefix or os.path.lexists(prefix.parent / SWITCH):
        return Installation.SCRIPT
    if is_packaged(root) and prefix == Path("/opt/emotion-edge"):
        return Installation.PACKAGE
    clone = Path(__file__).resolve().parents[2]
    return Installation.CLONE if (clone / "pyproject.toml").exists() else Installation.PIP
