"""The device is read from its own files, and says why its figures may be wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.measuring.environment import Condition, describe, read_condition, read_machine
from benchmarks.measuring.reliability import doubts
from benchmarks.measuring.timing import Measurement

ZERO_2_W = {
    "proc/device-tree/model": "Raspberry Pi Zero 2 W Rev 1.0\0",
    "proc/cpuinfo": "".join(
        f"processor\t: {core}\nBogoMIPS\t: 38.40\nCPU part\t: 0xd03\n\n" for core in range(4)
    ),
    "proc/meminfo": "MemTotal:         427000 kB\nMemFree: 1 kB\nMemAvailable:     200000 kB\n",
    "proc/loadavg": "0.12 0.20 0.30 1/100 1234\n",
    "proc/stat": "cpu  100 200 300 4000 50 6 7 800 0 0\ncpu0 1 2 3 4 5 6 7 8\n",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "performance\n",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "1000000\n",
    "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq": "1000000\n",
    "sys/class/thermal/thermal_zone0/temp": "48312\n",
    "sys/class/thermal/thermal_zone1/temp": "51000\n",
}


@pytest.fixture
def board(tmp_path: Path) -> Path:
    for name, text in ZERO_2_W.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_a_board_names_itself(board: Path) -> None:
    machine = read_machine(board)
    assert machine.board == "Raspberry Pi Zero 2 W Rev 1.0"
    assert machine.cpu == "Cortex-A53"
    assert machine.cores == 4
    assert machine.memory_bytes == 427000 * 1024
    assert "numpy" in machine.libraries


def test_a_board_tells_its_condition(board: Path) -> None:
    condition = read_condition(board, vcgencmd=lambda: "throttled=0x0\n")
    assert condition.governor == "performance"
    assert condition.clock_hz == condition.clock_max_hz == 1e9
    assert condition.temperature_c == 51.0
    assert condition.load_average == 0.12
    assert condition.memory_available_bytes == 200000 * 1024
    assert condition.throttled == 0
    assert condition.busy_s == pytest.approx((100 + 200 + 300 + 6 + 7) / 100)
    assert condition.stolen_s == pytest.approx(8.0)


def test_a_machine_that_says_nothing_is_described_all_the_same(tmp_path: Path) -> None:
    condition = read_condition(tmp_path, vcgencmd=lambda: None)
    assert (condition.governor, condition.temperature_c, condition.throttled) == (None, None, None)
    lines = describe(read_machine(tmp_path), condition)
    assert lines[0].startswith("unnamed board: ")


def test_garbage_in_the_system_files_is_no_error(board: Path) -> None:
    for name in ZERO_2_W:
        (board / name).write_bytes(b"\xff\xfe\0")
    condition = read_condition(board, vcgencmd=lambda: "error=1 error_msg='Command failed'\n")
    assert condition.clock_hz is None
    assert condition.busy_s is None


@pytest.mark.parametrize(
    ("printed", "now", "since_boot"),
    [
        ("throttled=0x0", (), ()),
        ("throttled=0x50000", (), ("under-voltage", "throttled")),
        ("throttled=0x50005", ("under-voltage", "throttled"), ("under-voltage", "throttled")),
        ("throttled=0x80008", ("soft temperature limit",), ("soft temperature limit",)),
        ("throttled=0x20002", ("clock capped",), ("clock capped",)),
    ],
)
def test_the_firmware_bits_are_named(
    board: Path, printed: str, now: tuple[str, ...], since_boot: tuple[str, ...]
) -> None:
    condition = read_condition(board, vcgencmd=lambda: f"{printed}\n")
    assert condition.throttled_now == now
    assert condition.throttled_since_boot == since_boot


def test_the_kernels_own_file_comes_before_the_firmware_tool(board: Path) -> None:
    path = board / "sys/devices/platform/soc/soc:firmware/get_throttled"
    path.parent.mkdir(parents=True)
    path.write_text("50005\n")

    def unneeded() -> str:
        raise AssertionError("the tool was asked")

    assert read_condition(board, vcgencmd=unneeded).throttled == 0x50005


QUIET = Condition("performance", 1e9, 1e9, 50.0, 0, 0.1, 2**30, 100.0, 1000.0, 0.0, 10.0)
AFTER = replace(QUIET, at_s=110.0, busy_s=1010.0, own_s=20.0)
STEADY = Measurement("case", "ms", (1.0, 1.01, 0.99))


def test_a_quiet_run_is_not_doubted() -> None:
    assert doubts(QUIET, AFTER, [STEADY]) == []


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({}, {"throttled": 0x50005}, "under-voltage during the run"),
        ({}, {"throttled": 0x50000}, "under-voltage during the run"),
        ({"throttled": 0x50000}, {"throttled": 0x50000}, "under-voltage since boot"),
        ({}, {"temperature_c": 83.0}, "83 °C"),
        ({}, {"governor": "ondemand"}, "governor ondemand"),
        ({}, {"clock_hz": 6e8}, "0.60 of 1.00 GHz"),
        ({}, {"busy_s": 1020.0}, "other programs kept 1.0 cores busy"),
        ({}, {"stolen_s": 0.5}, "hypervisor kept 5%"),
        ({}, {"memory_available_bytes": 2**25}, "32 MB of memory"),
        ({"busy_s": None, "load_average": 2.0}, {}, "load average was 2.0"),
    ],
)
def test_each_disturbance_is_one_doubt_that_says_what_to_do(
    before: dict[str, float], after: dict[str, float], said: str
) -> None:
    found = doubts(replace(QUIET, **before), replace(AFTER, **after), [STEADY])
    matching = [sentence for sentence in found if said in sentence]
    assert len(matching) == 1
    assert ": " in matching[0]


def test_what_happened_amid_the_run_counts() -> None:
    amid = replace(STEADY, condition=replace(AFTER, temperature_c=85.0))
    assert any("85 °C" in sentence for sentence in doubts(QUIET, AFTER, [amid]))


def test_scatter_is_doubted_by_name() -> None:
    scattered = [Measurement(name, "ms", (1.0, 1.5, 0.5)) for name in ("one", "other")]
    (found,) = doubts(QUIET, AFTER, [*scattered, STEADY])
    assert "raise --rounds" in found
    assert found.endswith(": one by 50%; other by 50%")


def test_the_devices_state_casts_no_doubt_on_an_accuracy() -> None:
    hot = replace(AFTER, temperature_c=90.0, throttled=0xF000F)
    assert doubts(QUIET, hot, [Measurement("accuracy", "share", (0.7,))]) == []


def test_the_real_machine_can_be_read() -> None:
    machine, condition = read_machine(), read_condition()
    assert machine.cores >= 1
    assert condition.own_s > 0
    assert len(describe(machine, condition)) == 3
