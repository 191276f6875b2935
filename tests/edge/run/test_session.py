"""A whole run as a service manager starts it: a real process, a real camera on loopback."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rigs.broker import free_port, until
from rigs.servers import mjpeg_server
from samples import event

from edge.errors import SinkError, UsageError
from edge.health.part import Part, State
from edge.health.report import Health
from edge.log.reader import open_log
from edge.run.clock import WallClock
from edge.run.session import run
from edge.run.summary import RunSummary
from edge.run.watchdog import Watchdog
from edge.service.sd_notify import Notifier
from edge.settings.loading import override
from edge.settings.sections import Settings
from edge.sinks import Sink
from edge.sinks.guarded import GuardedSink
from edge.types import EmotionEvent


class Run:
    """`edge run` under a manager that listens to what it tells."""

    def __init__(self, home: Path, settings: str) -> None:
        self.home = home
        self.config = home / "edge.toml"
        self.config.write_text(settings)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._listener.bind(str(home / "notify"))
        self._listener.setblocking(False)
        self.told: list[str] = []
        environment = {key: os.environ[key] for key in os.environ if not key.startswith("EDGE_")}
        environment |= {
            "NOTIFY_SOCKET": str(home / "notify"),
            "WATCHDOG_USEC": "4000000",
            "RUNTIME_DIRECTORY": str(home),
            "STATE_DIRECTORY": str(home),
        }
        command = [sys.executable, "-m", "edge", "run", "--config", str(self.config)]
        self._errors = (home / "errors").open("w+")
        self.process = subprocess.Popen(
            [*command, "--output", "none", "--quiet"], env=environment, stderr=self._errors
        )

    def heard(self, start: str) -> list[str]:
        """What it told so far, of those that begin so."""
        while True:
            try:
                self.told.append(self._listener.recv(65536).decode())
            except BlockingIOError:
                return [one for one in self.told if one.startswith(start)]

    def health(self) -> dict[str, Any]:
        try:
            return dict(json.loads((self.home / "health.json").read_text()))
        except FileNotFoundError:
            return {"parts": [], "state": "none", "frames": 0, "events": 0}

    def part(self, name: str) -> dict[str, Any]:
        return next((part for part in self.health()["parts"] if part["name"] == name), {})

    def events(self) -> int:
        try:
            with open_log(self.home / "log.sqlite") as log:
                return log.stats().events
        except Exception:  # not there yet
            return 0

    def errors(self) -> str:
        return (self.home / "errors").read_text()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(30)
        self._listener.close()
        self._errors.close()


@contextmanager
def running(home: Path, settings: str) -> Iterator[Run]:
    run = Run(home, settings)
    try:
        yield run
    finally:
        run.close()


SETTINGS = """
[camera]
source = "{url}"
read_timeout_s = 1.0
[log]
commit_interval_s = 0.2
[smoothing]
event_interval_s = 0.2
[service]
retry_delay_s = 0.1
"""


@pytest.mark.timeout(240)
def test_a_service_waits_for_its_camera_tells_its_manager_and_reads_its_settings_again(
    tmp_path: Path,
) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}/face"
    page = "[status]\nenabled = true\nport = {}\n"
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        running(
            tmp_path, SETTINGS.format(url=nowhere) + page.format(taken.getsockname()[1])
        ) as run,
    ):
        until(lambda: run.heard("READY=1") != [], "READY with no camera")
        until(lambda: run.part("camera").get("state") == "failed", "the camera's state")
        until(lambda: "camera failed" in run.heard("STATUS=")[-1], "the status that says why")
        assert run.part("status page")["state"] == "waiting"
        assert "no page" in run.errors()
        before = len(run.heard("WATCHDOG=1"))
        until(lambda: len(run.heard("WATCHDOG=1")) > before + 1, "signs of life while it waits")

        with mjpeg_server() as server:
            # A mistake leaves it as it is; then another camera is set, that is there.
            good = SETTINGS.format(url=server.url("/face")) + page.format(free_port())
            run.config.write_text("[camera]\nwidth = 3\n")
            run.process.send_signal(signal.SIGHUP)
            until(lambda: "camera.width is 3" in run.errors(), "the mistake to be said")
            assert run.process.poll() is None
            until(lambda: "camera.width is 3" in run.health()["reload_error"], "it in the report")
            run.config.write_text(good)
            run.process.send_signal(signal.SIGHUP)
            until(lambda: run.part("camera").get("state") == "running", "the other camera")
            until(lambda: run.events() > 2, "events in the log")
            until(lambda: len(run.heard("READY=1")) >= 3, "READY after each reading")
            assert run.part("log")["state"] == "running"
            assert run.part("status page") == {}
            started = run.errors().splitlines()
            assert any("networks edge_net" in line and "; page http" in line for line in started)

            run.process.send_signal(signal.SIGTERM)
            assert run.process.wait(30) == 0
        assert run.heard("STOPPING=1") == ["STOPPING=1"]
    assert not (tmp_path / "health.json").exists()


@pytest.mark.timeout(240)
def test_a_camera_that_keeps_dying_keeps_being_looked_at(tmp_path: Path) -> None:
    page_port = free_port()
    extra = f"[status]\nenabled = true\nport = {page_port}\n"
    with mjpeg_server() as server:
        settings = SETTINGS.format(url=server.url("/die")) + extra
        with running(tmp_path, settings) as run:
            until(lambda: run.part("camera").get("restarts", 0) >= 3, "three restarts")
            url = f"http://127.0.0.1:{page_port}/metrics"
            with urllib.request.urlopen(url, timeout=20) as answer:
                metrics = answer.read().decode()
            assert 'edge_part_restarts_total{part="camera",kind="source"}' in metrics
            assert run.process.poll() is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"privacy.mode": "counts"}, 'privacy.mode is "counts"'),
        ({"log.path": "none"}, "no log is kept"),
    ],
)
def test_a_broker_that_will_be_sent_nothing_is_said_at_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, changes: dict[str, str], reason: str
) -> None:
    given = {"camera.source": "synthetic", "log.path": str(tmp_path / "log.sqlite")}
    given |= {"mqtt.host": "127.0.0.1"} | changes
    run(override(Settings(), given, "test"), lambda settings: iter(()), max_frames=1)
    assert f"no event will be sent: {reason}" in caplog.text


def test_wrong_settings_end_it_with_a_sentence_and_2(tmp_path: Path) -> None:
    with running(tmp_path, "[camera]\nwidth = 1\n") as run:
        assert run.process.wait(60) == 2
        assert "line 2: camera.width is 1" in run.errors()


# The parts.


class Refusing(Sink):
    def __init__(self) -> None:
        self.refuse = False
        self.closed = False

    def write(self, event: EmotionEvent) -> None:
        if self.refuse:
            raise SinkError("the card is gone")

    def flush(self) -> None:
        if self.refuse:
            raise SinkError("the card is gone")

    def close(self) -> None:
        self.closed = True


def test_a_sink_that_refuses_does_not_end_the_run() -> None:
    sink, part = Refusing(), Part("log", "sink")
    with GuardedSink(sink, part) as guarded:
        guarded.write(event(1))
        assert part.report().state is State.RUNNING
        sink.refuse = True
        guarded.write(event(2))
        guarded.flush()
        assert (part.report().state, guarded.refused) == (State.FAILED, 1)
        assert part.report().last_error == "the card is gone"
        sink.refuse = False
        guarded.write(event(3))
        assert part.report().state is State.RUNNING
    assert sink.closed


class Recorder(Notifier):
    """A manager that listens in the same process."""

    def __init__(self) -> None:
        super().__init__({})
        self.told: list[str] = []

    def ready(self) -> bool:
        self.told.append("ready")
        return True

    def alive(self) -> None:
        self.told.append("alive")

    def reloading(self) -> None:
        self.told.append("reloading")


def test_no_sign_of_life_is_given_while_a_part_is_stuck() -> None:
    """A loop that turns is not enough: what it waits for has to be alive too."""
    now_s = [0.0]
    health, manager = Health(lambda: now_s[0]), Recorder()
    camera = health.part("camera")
    watchdog = Watchdog(health, notifier=manager, clock=lambda: now_s[0])
    watchdog.tick(Settings())
    assert manager.told == ["alive"]
    camera.running()
    watchdog.tick(Settings())
    assert manager.told == ["alive", "alive", "ready"]
    now_s[0] = 25.0
    watchdog.tick(Settings())
    watchdog.tick(Settings())
    assert manager.told == ["alive", "alive", "ready"]
    camera.beat()
    watchdog.tick(Settings())
    assert manager.told[-1] == "alive"


def test_a_log_and_a_page_that_nothing_happens_to_are_not_stuck() -> None:
    """In an empty room no event is written for hours, and the service goes on."""
    now_s = [0.0]
    health, manager = Health(lambda: now_s[0]), Recorder()
    camera = health.part("camera")
    camera.running()
    GuardedSink(Refusing(), health.part("log", "sink"))
    health.part("status page", "sink").waiting("its port is taken")
    watchdog = Watchdog(health, notifier=manager, clock=lambda: now_s[0])
    now_s[0] = 3600.0
    camera.beat()
    watchdog.tick(Settings())
    assert manager.told[0] == "alive"


def test_settings_are_read_again_between_two_ticks() -> None:
    health, manager = Health(), Recorder()
    health.part("camera").running()
    now = Settings()
    answers: list[Settings | Exception] = [
        UsageError("wrong"),
        now,
        override(now, {"smoothing.floor": 0.5}, "test"),
    ]

    def reread() -> Settings:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    watchdog = Watchdog(health, reread, manager)
    with watchdog.handle_sighup():
        for expected, error in ((False, "wrong"), (False, ""), (True, "")):
            os.kill(os.getpid(), signal.SIGHUP)
            assert watchdog.tick(now) is expected
            assert watchdog.tick(now) is False
            assert health.report().reload_error == error
    assert watchdog.fresh is not None
    assert watchdog.fresh.smoothing.floor == 0.5


def test_events_follow_a_clock_that_is_set_during_the_run() -> None:
    start = datetime(2000, 1, 1, tzinfo=UTC)
    elapsed_s, leap = [0.0], [timedelta(0)]
    clock = WallClock(
        start,
        clock=lambda: elapsed_s[0],
        now=lambda: start + timedelta(seconds=elapsed_s[0]) + leap[0],
    )
    elapsed_s[0] = 60
    clock.check()
    assert clock.corrected(start) == start
    leap[0] = timedelta(days=9000)
    clock.check()
    assert clock.corrected(start) == start + timedelta(days=9000)
    leap[0] = timedelta(days=9000, seconds=1)
    clock.check()
    assert clock.offset == timedelta(days=9000)
    leap[0] = timedelta(hours=-1)
    clock.check()
    assert clock.corrected(start) == start - timedelta(hours=1)


def no_sinks(_: Settings) -> Iterator[Sink]:
    return iter(())


def test_a_port_that_is_taken_leaves_the_run_going(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        changes = {"camera.source": "synthetic", "log.path": "none", "status.enabled": True}
        settings = override(Settings(), changes | {"status.port": port}, "test")
        summary = RunSummary()
        run(settings, no_sinks, max_frames=3, summary=summary)
    assert summary.frames == 3
    assert f"cannot listen on 127.0.0.1 port {port}" in caplog.text


def test_counts_mode_tells_no_moment() -> None:
    health = Health()
    health.event(event(1))
    assert health.report().last_event is not None
    health.tell_moments(False)
    health.event(event(2))
    assert health.report().last_event is None
    assert health.report().events == 2
