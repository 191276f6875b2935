"""How this toolkit came onto the system, and so what upgrades it and what removes it."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path

SWITCH = "current"
"""Two environments lie beside each other; this link names the one that the service runs."""
_PACKAGED_UNIT = Path("lib/systemd/system/edge.service")
_CONTAINER_MARKS = ("run/.containerenv", ".dockerenv")


class Installation(StrEnum):
    PACKAGE = "the Debian package"
    SCRIPT = "install.sh"
    CONTAINER = "a container"
    CLONE = "a clone"
    PIP = "pip"

    @property
    def upgrade(self) -> str:
        """How a newer version comes onto the system."""
        return {
            Installation.PACKAGE: "sudo apt install ./emotion-edge_VERSION_ARCH.deb",
            Installation.SCRIPT: "git pull && sudo make install, in the clone",
            Installation.CONTAINER: "build the image again",
            Installation.CLONE: "git pull && make demo",
            Installation.PIP: "pip install --upgrade, from a newer clone or wheel",
        }[self]


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
    if os.path.lexists(prefix.parent / SWITCH):
        return Installation.PACKAGE if is_packaged(root) else Installation.SCRIPT
    # Before the container: a clone in one is upgraded as a clone.
    if (Path(__file__).resolve().parents[2] / "pyproject.toml").exists():
        return Installation.CLONE
    marked = any((root / name).exists() for name in _CONTAINER_MARKS)
    if marked or os.environ.get("container") == "oci":  # noqa: SIM112  # systemd's name for it
        return Installation.CONTAINER
    return Installation.PIP
