"""How the board is: its name, its temperature, and whether its firmware holds it back."""

from __future__ import annotations

import re
from pathlib import Path

# The Raspberry Pi firmware's bits; 16 higher: the same has happened since boot.
_FLAGS = {0: "under-voltage", 1: "clock capped", 2: "throttled", 3: "soft temperature limit"}
_SINCE_BOOT = 16

ROOT = Path("/")
"""Where /sys and /proc are looked for."""


def model(root: Path = ROOT) -> str:
    """The board's name from the device tree ("Raspberry Pi 5 Model B Rev 1.0"), "" on a PC."""
    try:
        name = (root / "proc/device-tree/model").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return name.strip("\0\n ")


def temperature_c(root: Path = ROOT) -> float | None:
    """The hottest thermal zone; None where the board has none that can be read."""
    found = []
    for zone in root.glob("sys/class/thermal/thermal_zone*/temp"):
        try:
            found.append(int(zone.read_text()) / 1000)
        except (OSError, ValueError):  # some zones answer only at times
            continue
    return max(found, default=None)


def throttled_bits(root: Path = ROOT) -> int | None:
    """The firmware's bits; None where there is no such firmware.

    A Pi 5 names its firmware's folder by an address (soc@107c000000), the others do not.
    """
    for node in root.glob("sys/devices/platform/soc*/*firmware*/get_throttled"):
        try:
            return parse_bits(node.read_text())
        except (OSError, ValueError):
            continue
    return None


def parse_bits(text: str) -> int:
    """From the kernel's "50005" or the firmware's "throttled=0x50005"; else ValueError."""
    found = re.search(r"(?:0x)?([0-9a-f]+)\s*$", text, re.IGNORECASE)
    if found is None:
        raise ValueError(f"{text[:40]!r} names no bits")
    return int(found[1], 16)


def flags(bits: int | None, *, since_boot: bool = False) -> tuple[str, ...]:
    """What the firmware holds back now, or has held back `since_boot`; () for nothing."""
    bits = (bits or 0) >> (_SINCE_BOOT if since_boot else 0)
    return tuple(name for bit, name in _FLAGS.items() if bits >> bit & 1)
