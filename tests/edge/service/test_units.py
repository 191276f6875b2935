"""The units, judged by systemd itself; the back-off, run as systemd runs it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from places import ROOT

SYSTEMD = ROOT / "systemd"
UNITS = ("edge.service", "edge-retention.service", "edge-retention.timer")
HOME = "/opt/emotion-edge"

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="no systemd-analyze: apt-get install systemd"
)


@pytest.fixture
def disk_usage(tmp_path: Path) -> Path:
    """The units as they lie on a device, with programs that exist where they look for them."""
    for program in ("bin/edge", "libexec/edge-backoff"):
        path = tmp_path / "opt" / program
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    for unit in UNITS:
        text = (SYSTEMD / unit).read_text().replace(HOME, str(tmp_path / "opt"))
        (tmp_path / unit).write_text(text)
    return tmp_path


def _analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@needs_systemd
@pytest.mark.parametrize("network", [False, True], ids=["alone", "with network.conf"])
def test_verify_finds_nothing_to_say(disk_usage: Path, network: bool) -> None:
    """It exits with 0 whatever it warns of: silence is the verdict."""
    if network:
        (disk_usage / "edge.service.d").mkdir()
        shutil.copy(SYSTEMD / "network.conf", disk_usage / "edge.service.d")
    found = _analyze("verify", *(str(disk_usage / unit) for unit in UNITS))
    assert (found.returncode, found.stderr) == (0, "")


@needs_systemd
def test_verify_does_complain_of_a_key_it_does_not_know(disk_usage: Path) -> None:
    unit = disk_usage / "edge.service"
    unit.write_text(unit.read_text().replace("NoNewPrivileges=", "NoNewPrivilege="))
    assert "NoNewPrivilege" in _analyze("verify", str(unit)).stderr


@needs_systemd
@pytest.mark.parametrize("unit", ["edge.service", "edge-retention.service"])
def test_the_exposure_is_at_most_2(unit: str) -> None:
    found = _analyze(
        "security", "--offline=true", "--threshold=20", "--no-pager", str(SYSTEMD / unit)
    )
    assert found.returncode == 0, found.stdout[-300:]
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", found.stdout)
    assert level is not None
    assert float(level[1]) <= 2.0


def test_the_service_keeps_off_the_network_until_a_person_adds_network_conf() -> None:
    unit = (SYSTEMD / "edge.service").read_text()
    assert "IPAddressDeny=any\nIPAddressAllow=localhost\n" in unit
    assert "IPAddressAllow=any" in (SYSTEMD / "network.conf").read_text()


class Backoff:
    """edge-backoff with a `sleep` that only says for how long it was asked to."""

    def __init__(self, home: Path) -> None:
        self.state = home / "restarts"
        fake = home / "sleep"
        fake.write_text(f"#!/bin/sh\necho $1 >>{home}/slept\n")
        fake.chmod(0o755)
        self._slept = home / "slept"
        path = f"{home}:{os.environ['PATH']}"
        self._environment = {"PATH": path, "RUNTIME_DIRECTORY": str(home)}

    def __call__(self) -> int:
        """Start once; how many seconds it waited."""
        self._slept.unlink(missing_ok=True)
        script = SYSTEMD / "edge-backoff"
        subprocess.run([script], env=self._environment, check=True, timeout=20, capture_output=True)
        return int(self._slept.read_text()) if self._slept.exists() else 0

    def set(self, count: int, seconds_ago: int) -> None:
        uptime_s = int(Path("/proc/uptime").read_text().split(".")[0])
        self.state.write_text(f"{count} {max(0, uptime_s - seconds_ago)}\n")


@pytest.fixture
def backoff(tmp_path: Path) -> Backoff:
    return Backoff(tmp_path)


def test_each_restart_waits_twice_as_long_up_to_five_minutes(backoff: Backoff) -> None:
    waits = [backoff() for _ in range(12)]
    assert waits == [0, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]


def test_a_long_run_is_forgiven_its_end_and_a_short_one_is_not(backoff: Backoff) -> None:
    backoff.set(5, seconds_ago=590)
    assert backoff() == 32
    uptime_s = float(Path("/proc/uptime").read_text().split()[0])
    if uptime_s < 700:
        pytest.skip("this machine booted less than ten minutes ago")
    backoff.set(5, seconds_ago=650)
    assert backoff() == 0


@pytest.mark.parametrize("garbage", ["", "x y\n", "3\n", "-1 5\n", "1 2 3\n", "\0\0\0"])
def test_a_damaged_count_starts_anew(backoff: Backoff, garbage: str) -> None:
    backoff.state.write_text(garbage)
    assert backoff() <= 8
    assert re.fullmatch(r"\d+ \d+\n", backoff.state.read_text())
