"""What a run says of itself."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from samples import event

from edge.health.board import flags, model, temperature_c, throttled_bits
from edge.health.part import State
from edge.health.report import Health


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def health(clock: Clock) -> Health:
    return Health(clock)


def test_a_part_tells_its_state_since_when_its_restarts_and_its_last_error(
    health: Health, clock: Clock
) -> None:
    camera = health.part("camera")
    assert camera.report().state is State.STARTING
    camera.waiting("there is no camera\n/dev/video0")
    clock.now_s += 5
    camera.waiting("there is no camera /dev/video0")
    assert camera.report().since_s == 5
    camera.restarting()
    camera.running()
    camera.running()
    found = camera.report()
    assert (found.state, found.items, found.restarts) == (State.RUNNING, 2, 1)
    assert found.last_error == "there is no camera /dev/video0"


def test_the_worst_part_is_the_runs_state(health: Health) -> None:
    assert health.report().state is State.STARTING
    camera, mic, log = health.part("camera"), health.part("microphone"), health.part("log", "sink")
    for part in (camera, mic, log):
        part.running()
    assert health.report().state is State.RUNNING
    log.waiting("the broker is away")
    assert health.report().state is State.WAITING
    mic.stalled("only zeros")
    assert health.report().state is State.STALLED
    camera.failed("unplugged")
    report = health.report()
    assert report.state is State.FAILED
    assert "camera failed (unplugged)" in report.sentence()
    assert "microphone stalled (only zeros)" in report.sentence()
    assert health.part("camera") is camera


def test_a_part_that_nobody_asks_for_again_is_no_longer_told_of(
    health: Health, clock: Clock
) -> None:
    camera = health.part("camera")
    camera.restarting()
    health.part("microphone")
    health.part("status page", "sink").waiting("its port is taken")
    health.opening()
    assert health.part("camera") is camera
    camera.running()
    report = health.report()
    assert [(part.name, part.restarts) for part in report.parts] == [("camera", 1)]
    assert report.state is State.RUNNING
    clock.now_s += 31
    camera.beat()
    assert health.stuck(30) == []


def test_rates_are_those_of_the_last_minute(health: Health, clock: Clock) -> None:
    spent = {"search": 0.0, "inference": 0.0}
    health.watch_stages(lambda: spent)
    for _ in range(100 * 4):
        clock.now_s += 0.25
        spent["search"] += 0.010
        spent["inference"] += 0.002
        health.frame(dropped=7)
    for _ in range(120 * 10):
        clock.now_s += 0.1
        spent["search"] += 0.020
        health.frame(dropped=9)
    report = health.report()
    assert report.fps == pytest.approx(10, abs=0.2)
    assert report.stage_ms == {"search": pytest.approx(20), "inference": pytest.approx(0)}
    assert (report.frames, report.dropped) == (1600, 9)
    clock.now_s += 600
    assert health.report().fps == 0


def test_a_driver_that_gives_no_sign_of_life_is_named(health: Health, clock: Clock) -> None:
    camera, mic = health.part("camera"), health.part("microphone")
    clock.now_s += 31
    camera.beat()
    assert health.stuck(30) == ["microphone"]
    mic.waiting("gone")
    assert health.stuck(30) == []


def test_a_report_is_plain_json_and_holds_no_scores_and_no_face(health: Health) -> None:
    health.part("log", "sink").running()
    health.event(event(7, "happy"))
    text = json.dumps(health.report().as_dict())
    found = json.loads(text)
    assert found["last_event"] == {
        "time": "2026-07-25T12:00:07+00:00",
        "modality": "face",
        "label": "happy",
    }
    assert found["parts"][0]["state"] == "running"
    assert "scores" not in text
    assert "track" not in text


def test_many_threads_tell_and_ask_at_once(health: Health) -> None:
    camera = health.part("camera")

    def work() -> None:
        for _ in range(2000):
            camera.running()
            health.frame()
            health.report() if camera.report().items % 500 == 0 else None

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    report = health.report()
    assert (report.frames, report.parts[0].items) == (8000, 8000)


def test_the_boards_own_words(tmp_path: Path) -> None:
    assert temperature_c(tmp_path) is None
    assert throttled_bits(tmp_path) is None
    assert model(tmp_path) == ""
    assert flags(None) == ()
    for number, text in enumerate(("41000\n", "55500\n", "no answer\n")):
        zone = tmp_path / f"sys/class/thermal/thermal_zone{number}"
        zone.mkdir(parents=True)
        (zone / "temp").write_text(text)
    assert temperature_c(tmp_path) == 55.5
    (tmp_path / "proc/device-tree").mkdir(parents=True)
    (tmp_path / "proc/device-tree/model").write_bytes(b"Raspberry Pi 5 Model B Rev 1.0\0")
    assert model(tmp_path) == "Raspberry Pi 5 Model B Rev 1.0"


@pytest.mark.parametrize("folder", ["soc/soc:firmware", "soc@107c000000/soc@107c000000:firmware"])
def test_the_firmware_is_found_on_every_board(tmp_path: Path, folder: str) -> None:
    firmware = tmp_path / "sys/devices/platform" / folder
    firmware.mkdir(parents=True)
    (firmware / "get_throttled").write_text("70005\n")
    bits = throttled_bits(tmp_path)
    assert bits == 0x70005
    assert flags(bits) == ("under-voltage", "throttled")
    assert flags(bits, since_boot=True) == ("under-voltage", "clock capped", "throttled")
