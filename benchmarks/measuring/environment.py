"""What a run ran on, and every reason to doubt its figures."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from edge.health.board import flags, model, parse_bits, temperature_c, throttled_bits

LIBRARIES = (
    "emotion-edge",
    "ai-edge-litert",
    "tflite-runtime",
    "numpy",
    "opencv-python-headless",
    "opencv-python",
)
# /proc/cpuinfo of an Arm core gives numbers; these are the ones on Raspberry Pi boards.
_ARM_CORES = {
    "0xb76": "ARM1176",
    "0xc07": "Cortex-A7",
    "0xd03": "Cortex-A53",
    "0xd08": "Cortex-A72",
    "0xd0b": "Cortex-A76",
}


@dataclass(frozen=True, slots=True)
class Machine:
    """What does not change while a benchmark runs; None where the device does not say."""

    board: str | None
    cpu: str
    architecture: str
    cores: int
    memory_bytes: int | None
    kernel: str
    python: str
    libraries: dict[str, str]


@dataclass(frozen=True, slots=True)
class Condition:
    """What does change; None where the device does not say.

    clock_hz, clock_max_hz: of the first core, as it runs and as it may
    temperature_c:          the hottest thermal zone
    throttled:              the firmware's bits (see `throttled_now`, `throttled_since_boot`)
    load_average:           the kernel's, over one minute
    at_s:                   monotonic clock of this reading
    busy_s, stolen_s:       CPU time since boot, over all cores: of every process, and what a
                            hypervisor kept for others
    own_s:                  CPU time of this process and of its children that have ended
    """

    governor: str | None
    clock_hz: float | None
    clock_max_hz: float | None
    temperature_c: float | None
    throttled: int | None
    load_average: float | None
    memory_available_bytes: int | None
    at_s: float
    busy_s: float | None
    stolen_s: float | None
    own_s: float

    @property
    def throttled_now(self) -> tuple[str, ...]:
        return flags(self.throttled)

    @property
    def throttled_since_boot(self) -> tuple[str, ...]:
        return flags(self.throttled, since_boot=True)


def read_machine(root: Path = Path("/")) -> Machine:
    """Board, CPU, memory, kernel and library versions. `root` is where /proc is looked for."""
    cpuinfo = _text(root / "proc/cpuinfo") or ""
    kilobytes = _field(_text(root / "proc/meminfo"), "MemTotal")
    return Machine(
        board=_board(root),
        cpu=_cpu_name(cpuinfo),
        architecture=platform.machine(),
        cores=cpuinfo.count("processor\t") or os.cpu_count() or 1,
        memory_bytes=None if kilobytes is None else int(kilobytes.split()[0]) * 1024,
        kernel=platform.release(),
        python=platform.python_version(),
        libraries=_versions(),
    )


def read_condition(
    root: Path = Path("/"), *, vcgencmd: Callable[[], str | None] | None = None
) -> Condition:
    """Governor, clock, temperature, throttling and load as they are now.

    `root` is where /proc and /sys are looked for; `vcgencmd` gives the output of
    `vcgencmd get_throttled`, or None where there is none.
    """
    frequency = root / "sys/devices/system/cpu/cpu0/cpufreq"
    kilobytes = _field(_text(root / "proc/meminfo"), "MemAvailable")
    load = _text(root / "proc/loadavg")
    busy_s, stolen_s = _cpu_times(_text(root / "proc/stat"))
    governor = _text(frequency / "scaling_governor")
    return Condition(
        governor=governor.strip() if governor else None,
        clock_hz=_scaled(_text(frequency / "scaling_cur_freq"), 1e3),
        clock_max_hz=_scaled(_text(frequency / "cpuinfo_max_freq"), 1e3),
        temperature_c=temperature_c(root),
        throttled=_throttled(root, vcgencmd or _run_vcgencmd),
        load_average=_scaled(load.split()[0], 1) if load else None,
        memory_available_bytes=None if kilobytes is None else int(kilobytes.split()[0]) * 1024,
        at_s=time.monotonic(),
        busy_s=busy_s,
        stolen_s=stolen_s,
        own_s=sum(os.times()[:4]),
    )


def describe(machine: Machine, condition: Condition) -> list[str]:
    """The machine in a few lines, for the head of a report."""
    memory = f", {machine.memory_bytes / 2**20:.0f} MB" if machine.memory_bytes else ""
    state = [
        f"governor {condition.governor}" if condition.governor else "",
        f"{condition.clock_hz / 1e9:.2f} GHz" if condition.clock_hz else "",
        f"{condition.temperature_c:.0f} °C" if condition.temperature_c is not None else "",
        f"load {condition.load_average:.2f}" if condition.load_average is not None else "",
        "" if condition.throttled is None else f"throttled {condition.throttled:#x}",
    ]
    libraries = ", ".join(f"{name} {version}" for name, version in machine.libraries.items())
    return [
        f"{machine.board or 'unnamed board'}: {machine.cpu}, {machine.cores} cores{memory}",
        f"Linux {machine.kernel} {machine.architecture}, Python {machine.python}, {libraries}",
        ", ".join(part for part in state if part),
    ]


def _board(root: Path) -> str | None:
    """The device tree's name (Raspberry Pi), else the BIOS's (a PC)."""
    bios = (_text(root / "sys/class/dmi/id/product_name") or "").strip()
    return model(root) or bios or None


def _cpu_name(cpuinfo: str) -> str:
    part = _field(cpuinfo, "CPU part")
    if part is not None:
        return _ARM_CORES.get(part, f"Arm part {part}")
    return _field(cpuinfo, "model name") or platform.processor() or "unknown CPU"


def _versions() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _throttled(root: Path, vcgencmd: Callable[[], str | None]) -> int | None:
    """From the Raspberry Pi kernel's own file, else from the firmware's tool."""
    bits = throttled_bits(root)
    if bits is None and (printed := vcgencmd()):
        with suppress(ValueError):
            bits = parse_bits(printed)
    return bits


def _run_vcgencmd() -> str | None:
    tool = shutil.which("vcgencmd")
    if tool is None:
        return None
    try:
        done = subprocess.run(
            [tool, "get_throttled"], capture_output=True, text=True, timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


def _cpu_times(stat: str | None) -> tuple[float | None, float | None]:
    """(busy, stolen) seconds of all cores from /proc/stat's first line."""
    fields = (stat or "").split("\n", 1)[0].split()
    if len(fields) < 9 or fields[0] != "cpu":
        return None, None
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, fields[1:9])
    tick = os.sysconf("SC_CLK_TCK")
    return (user + nice + system + irq + softirq) / tick, steal / tick


def _field(text: str | None, name: str) -> str | None:
    """The first value of a `name: value` line."""
    found = re.search(rf"^{re.escape(name)}\s*:\s*(.+)$", text or "", re.MULTILINE)
    return found[1].strip() if found else None


def _scaled(text: str | None, factor: float) -> float | None:
    try:
        return float(text or "") * factor
    except ValueError:
        return None


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
