"""How the board is: its temperature, and whether its firmware holds it back."""

from __future__ import annotations

from pathlib import Path

# The Raspberry Pi firmware's bits; 16 higher: the same has happened since boot.
_FLAGS = {0: "under-voltage", 1: "clock capped", 2: "throttled", 3: "soft temperature limit"}


def temperature_c(sysfs: Path = Path("/sys")) -> float | None:
    """The hottest thermal zone; None where the board has none that can be read."""
    found = []
    for zone in sysfs.glob("class/thermal/thermal_zone*/temp"):
        try:
            found.append(int(zone.read_text()) / 1000)
        except (OSError, ValueError):  # some zones answer only at times
            continue
    return max(found, default=None)


def throttling(sysfs: Path = Path("/sys")) -> tuple[str, ...]:
    """What the firmware holds back now; () for nothing, and where there is no such firmware."""
    for node in sysfs.glob("devices/platform/soc*/*firmware*/get_throttled"):
        try:
            bits = int(node.read_text(), 16)
        except (OSError, ValueError):
            continue
        return tuple(name for bit, name in _FLAGS.items() if bits >> bit & 1)
    return ()
