"""Alerts, taken by a web server of a person's own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from samples import START, make_log

from edge.errors import UsageError
from edge.health.report import Health
from edge.settings.loading import load
from edge.settings.secret import SecretText
from edge.settings.sections import AlertSettings
from edge.status.alerts import Alerts
from edge.system.redaction import redact


class _Hook(BaseHTTPRequestHandler):
    taken: ClassVar[list[dict[str, Any]]] = []
    status: ClassVar[int] = 200

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.status == 200:
            self.taken.append(json.loads(body))
        self.send_response(self.status)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@contextmanager
def hook() -> Iterator[str]:
    _Hook.taken.clear()
    _Hook.status = 200
    with HTTPServer(("127.0.0.1", 0), _Hook) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/hook/s3cr3tT0k3n99"
        server.shutdown()
        thread.join()


def test_a_source_that_is_gone_is_told_once_and_again_when_it_is_back() -> None:
    now_s = [0.0]
    health = Health(lambda: now_s[0])
    camera, part = health.part("camera"), health.part("alerts", "sink")
    camera.waiting("no camera at rtsp://me:secret@host/")
    with hook() as url:
        settings = AlertSettings(url=SecretText(url), source_gone_min=5)
        alerts = Alerts(settings, health.report, None, part)
        alerts.check()
        assert _Hook.taken == []
        now_s[0] = 301.0
        for _ in range(3):
            alerts.check()
        (one,) = _Hook.taken
        assert one["what"] == "camera gone"
        assert "waiting for 5 min" in one["text"]
        assert "secret" not in one["text"]
        camera.running()
        alerts.check()
        assert _Hook.taken[1]["what"] == "camera gone: over"


@pytest.mark.parametrize("status", [500, 302])
def test_what_is_not_taken_is_sent_later_and_goes_nowhere_else(tmp_path: Path, status: int) -> None:
    log = make_log(tmp_path / "log.sqlite", 1)
    health = Health()
    part = health.part("alerts", "sink")
    with hook() as url:
        full = AlertSettings(url=SecretText(url), disk_free_mb=1e9)
        alerts = Alerts(full, health.report, log, part)
        _Hook.status = status
        alerts.check()
        assert _Hook.taken == []
        assert part.report().state == "waiting"
        _Hook.status = 200
        alerts.check()
        assert [one["what"] for one in _Hook.taken] == ["disk nearly full"]
        assert part.report().state == "running"


@pytest.mark.parametrize("counts_only", [False, True])
def test_the_week_is_told_in_sums_on_monday(tmp_path: Path, counts_only: bool) -> None:
    log = make_log(tmp_path / "log.sqlite", 70)
    local = START.astimezone().replace(tzinfo=None)
    now = [local]
    monday = (local + timedelta(days=7 - local.weekday())).replace(hour=9)
    with hook() as url:
        settings = AlertSettings(url=SecretText(url), weekly=True, disk_free_mb=0)
        health = Health()
        alerts = Alerts(
            settings,
            health.report,
            log,
            health.part("alerts", "sink"),
            counts_only=counts_only,
            now=lambda: now[0],
        )
        alerts.check()
        for now[0] in (monday.replace(hour=7), monday, monday + timedelta(hours=5)):
            alerts.check()
        (week,) = _Hook.taken
    assert week["moments"] == 70
    assert sum(week["labels"].values()) == pytest.approx(1, abs=0.01)
    assert ("visitors" in week) is not counts_only
    assert week.keys() <= {"text", "what", "device", "time", "moments", "labels", "visitors"}


def test_a_device_that_is_off_at_night_tells_its_week_once(tmp_path: Path) -> None:
    log = make_log(tmp_path / "log.sqlite", 70)
    local = START.astimezone().replace(tzinfo=None)
    monday = (local + timedelta(days=7 - local.weekday())).replace(hour=9)

    def run(url: str, now: datetime) -> list[dict[str, Any]]:
        settings = AlertSettings(url=SecretText(url), weekly=True, disk_free_mb=0)
        health = Health()
        part = health.part("alerts", "sink")
        Alerts(settings, health.report, log, part, now=lambda: now).check()
        taken = [one["moments"] for one in _Hook.taken]
        _Hook.taken.clear()
        return taken

    with hook() as url:
        assert run(url, local) == []
        assert run(url, datetime(1970, 1, 5, 9)) == [], "its clock is not set yet"
        nobody = url.replace("127.0.0.1", "127.0.0.2")
        assert run(nobody, monday) == [], "nobody listens"
        assert run(url, monday + timedelta(days=1)) == [70]
        assert run(url, monday + timedelta(days=2)) == []
        (tmp_path / "log.week").write_text("damaged")
        assert run(url, monday + timedelta(days=3)) == []
        assert run(url, monday + timedelta(days=7)) == [0]


def test_it_is_off_and_its_address_is_a_secret() -> None:
    assert load(None).alerts.url.get_secret_value() == ""
    url = "https://hooks.example/services/T0KEN12345678"
    settings = load(None, {"EDGE_ALERTS_URL": url})
    assert "T0KEN" not in repr(settings)
    assert "T0KEN" not in redact(f"<urlopen error {url}>")
    with pytest.raises(UsageError, match=r"alerts\.url"):
        load(None, {"EDGE_ALERTS_URL": "file:///etc/passwd"})
