"""Where a run was put: the cores that it may use, their kinds, and whether in a container."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/")


def usable_cores(root: Path = ROOT) -> int:
    """How many cores this process may use: by its affinity, and by a container's quota."""
    cores = len(os.sched_getaffinity(0))
    quota = _quota(root)
    return cores if quota is None else max(1, min(cores, math.floor(quota)))


def peculiarities(root: Path = ROOT) -> list[str]:
    """A sentence for each way in which this is not simply a whole machine; [] where it is."""
    return [*_pinned(), *_limited(root), *_mixed(root), *_contained(root)]


def _pinned() -> Iterator[str]:
    here, all_of_them = len(os.sched_getaffinity(0)), os.cpu_count() or 1
    if here < all_of_them:
        yield (
            f"this run may use {here} of {all_of_them} cores (taskset, or a container's cpuset): "
            "its figures are theirs alone"
        )


def _limited(root: Path) -> Iterator[str]:
    quota = _quota(root)
    if quota is not None and quota < (os.cpu_count() or 1):
        yield (
            f"a control group allows this run {quota:.1f} cores: it is stopped for a while where "
            "it takes more"
        )


def _mixed(root: Path) -> Iterator[str]:
    """big.LITTLE and hybrid processors: which core did the work decides the figure."""
    cores = sorted(root.glob("sys/devices/system/cpu/cpu[0-9]*"))
    for what, name in (("cpu_capacity", "capacities"), ("cpufreq/cpuinfo_max_freq", "clocks")):
        kinds = sorted({int(text) for core in cores if (text := _read(core / what)).isdigit()})
        if len(kinds) > 1:
            yield (
                f"its cores are of {len(kinds)} kinds ({name} {', '.join(map(str, kinds))}): "
                "choose some with taskset -c, or times depend on which of them worked"
            )
            return


def _contained(root: Path) -> Iterator[str]:
    kind = _read(root / "run/systemd/container")
    if not kind and (root / ".dockerenv").exists():
        kind = "docker"
    if not kind and (root / "run/.containerenv").exists():
        kind = "podman"
    if kind:
        yield f"it ran in a container ({kind}): what others on the machine did does not show"


def _quota(root: Path) -> float | None:
    """Cores that the control group allows; None where it sets no limit."""
    limit = _read(root / "sys/fs/cgroup/cpu.max").split()
    if len(limit) != 2:
        limit = [
            _read(root / f"sys/fs/cgroup/cpu/cpu.cfs_{part}_us") for part in ("quota", "period")
        ]
    if not all(part.isdigit() and int(part) for part in limit):
        return None
    return int(limit[0]) / int(limit[1])


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
