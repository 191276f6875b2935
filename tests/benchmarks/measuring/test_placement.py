"""A pinned, limited, mixed or contained run is named; a whole machine is not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.measuring.placement import peculiarities, usable_cores


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def test_a_whole_machine_has_nothing_to_say(tmp_path: Path) -> None:
    write(tmp_path, "sys/fs/cgroup/cpu.max", "max 100000\n")
    for core in range(2):
        write(tmp_path, f"sys/devices/system/cpu/cpu{core}/cpu_capacity", "1024\n")
    assert [s for s in peculiarities(tmp_path) if "taskset, or" not in s] == []
    assert usable_cores(tmp_path) == len(os.sched_getaffinity(0))


def test_cores_of_two_kinds(tmp_path: Path) -> None:
    for core, capacity in enumerate((446, 446, 1024)):
        write(tmp_path, f"sys/devices/system/cpu/cpu{core}/cpu_capacity", f"{capacity}\n")
    assert any("2 kinds (capacities 446, 1024)" in said for said in peculiarities(tmp_path))


def test_a_hybrid_processor_tells_by_its_clocks(tmp_path: Path) -> None:
    for core, clock in enumerate((5_100_000, 3_900_000)):
        write(tmp_path, f"sys/devices/system/cpu/cpu{core}/cpufreq/cpuinfo_max_freq", f"{clock}")
    assert any("2 kinds (clocks" in said for said in peculiarities(tmp_path))


@pytest.mark.parametrize(
    "files",
    [
        {"sys/fs/cgroup/cpu.max": "50000 100000"},
        {
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
        },
    ],
)
def test_a_quota_bounds_the_cores(tmp_path: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        write(tmp_path, path, text)
    assert usable_cores(tmp_path) == 1
    assert any("allows this run 0.5 cores" in said for said in peculiarities(tmp_path))


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("run/systemd/container", "nspawn"),
        (".dockerenv", "docker"),
        ("run/.containerenv", "podman"),
    ],
)
def test_a_container_is_named(tmp_path: Path, path: str, kind: str) -> None:
    write(tmp_path, path, "nspawn")
    assert any(f"container ({kind})" in said for said in peculiarities(tmp_path))


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core cannot be chosen from")
def test_a_pinned_run_says_so_and_counts_its_cores(tmp_path: Path) -> None:
    code = (
        "import os; os.sched_setaffinity(0, {0});"
        "from benchmarks.measuring.placement import *; print(usable_cores(), peculiarities()[0])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("1 this run may use 1 of ")
