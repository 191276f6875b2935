"""Why a figure may not be trusted, in sentences that say what to do."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.measuring.environment import Condition
from benchmarks.measuring.timing import TIME_UNITS, Measurement

HOT_C = 80.0
BUSY_CORES = 0.20
STOLEN_SHARE = 0.02
LOW_MEMORY_BYTES = 64 * 2**20
# Over a shorter time the kernel's 10 ms ticks say too little.
_SHORTEST_S = 0.5

_REMEDIES = {
    "under-voltage": "use a 5 V supply of at least 3 A and a short cable",
    "clock capped": "use a stronger supply or cool the board",
    "throttled": "cool the board and let it rest before the next run",
    "soft temperature limit": "cool the board and let it rest before the next run",
}


def doubts(before: Condition, after: Condition, measurements: Sequence[Measurement]) -> list[str]:
    """Every reason to distrust what was taken between the two readings of the device.

    The device's own state only casts doubt on times; a scatter casts doubt on anything.
    """
    found: list[str] = []
    for measurement in measurements:
        if measurement.unit in TIME_UNITS:
            readings = [before, measurement.condition or after, after]
            found += [*_throttling(readings), *_heat(readings), *_clock(after)]
            found += [*_company(before, after), *_memory(readings)]
    return [*dict.fromkeys(found), *_scatter(measurements)]


def _scatter(measurements: Sequence[Measurement]) -> list[str]:
    spreads = [f"{m.name} by {m.stdev / abs(m.mean):.0%}" for m in measurements if m.unstable]
    if not spreads:
        return []
    return [
        "values scatter by a tenth of their mean or more: raise --rounds and stop other programs: "
        + "; ".join(spreads)
    ]


def _throttling(readings: list[Condition]) -> list[str]:
    before = readings[0]
    during = {flag for reading in readings for flag in reading.throttled_now}
    during |= set(readings[-1].throttled_since_boot) - set(before.throttled_since_boot)
    earlier = set(before.throttled_since_boot) - during
    return [
        f"the firmware reported {flag} during the run: {_REMEDIES[flag]}"
        for flag in _REMEDIES
        if flag in during
    ] + [
        f"the firmware has reported {flag} since boot, perhaps during the run too: "
        f"{_REMEDIES[flag]}, reboot and run again"
        for flag in _REMEDIES
        if flag in earlier
    ]


def _heat(readings: list[Condition]) -> list[str]:
    hottest = max((r.temperature_c for r in readings if r.temperature_c is not None), default=0.0)
    if hottest < HOT_C:
        return []
    return [f"the board was at {hottest:.0f} °C (slowed from {HOT_C:.0f} °C on): cool it"]


def _clock(after: Condition) -> list[str]:
    if after.governor is not None and after.governor != "performance":
        return [
            f"the governor {after.governor} changes the clock at will: echo performance | "
            "sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"
        ]
    if after.clock_hz and after.clock_max_hz and after.clock_hz < 0.9 * after.clock_max_hz:
        return [
            f"the clock ran at {after.clock_hz / 1e9:.2f} of {after.clock_max_hz / 1e9:.2f} GHz: "
            "cool the board and check its supply"
        ]
    return []


def _company(before: Condition, after: Condition) -> list[str]:
    """Other programs, and other guests of the same host, over the time between the readings."""
    spent_s = after.at_s - before.at_s
    if before.busy_s is None or after.busy_s is None or spent_s < _SHORTEST_S:
        return _loaded(before)
    found = []
    others = (after.busy_s - before.busy_s - (after.own_s - before.own_s)) / spent_s
    if others >= BUSY_CORES:
        found.append(f"other programs kept {others:.1f} cores busy during the run: stop them")
    stolen = ((after.stolen_s or 0) - (before.stolen_s or 0)) / spent_s
    if stolen >= STOLEN_SHARE:
        found.append(
            f"the hypervisor kept {stolen:.0%} of a core for others: run on a machine of its own"
        )
    return found


def _loaded(before: Condition) -> list[str]:
    if before.load_average is None or before.load_average < 2 * BUSY_CORES:
        return []
    return [
        f"the load average was {before.load_average:.1f} before the run: stop other programs "
        "and wait a minute"
    ]


def _memory(readings: list[Condition]) -> list[str]:
    known = [r.memory_available_bytes for r in readings if r.memory_available_bytes is not None]
    if not known or min(known) >= LOW_MEMORY_BYTES:
        return []
    return [f"only {min(known) / 2**20:.0f} MB of memory were free: stop other programs"]
