"""No password, however it was given, is in a line, a log, a report, a page or a traceback."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from passwords import ADDRESSES, LOCAL, SECRET

from edge.cli import main
from edge.cli.app import run_app
from edge.errors import EdgeError, UsageError
from edge.health.report import Health, Report
from edge.settings.loading import load, override
from edge.settings.sections import Settings
from edge.settings.toml import as_toml
from edge.sources.supervised import camera
from edge.sources.video.spec import parse
from edge.status.pages import Pages
from edge.status.prometheus import prometheus
from edge.status.text import lines
from edge.system import redaction
from edge.system.redaction import protect, protect_address, redact, shown

HASTY = {
    "camera.open_timeout_s": 0.2,
    "camera.read_timeout_s": 0.2,
    "camera.retries": 0,
    "service.supervise": "always",
}
PARTS = (SECRET, SECRET[:6], SECRET[-6:])


def hides(text: str) -> bool:
    return not any(part in text for part in PARTS)


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """What another test's address taught is forgotten: each spelling stands for itself."""
    monkeypatch.setattr(redaction, "_known", {})
    monkeypatch.setenv("EDGE_DEBUG", "")


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_is_shown_without_its_secrets(address: str) -> None:
    assert hides(shown(address))
    protect_address(address)
    said = redact(f"cannot open {address}: it is {address!r}, {json.dumps(address)}")
    assert hides(said)
    assert hides(repr(override(Settings(), {"camera.source": address}, "test")))


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_run_by_hand_tells_no_password(
    address: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "edge.toml"
    config.write_text("[camera]\nopen_timeout_s = 0.2\nretries = 0\n")
    options = ["run", "--config", str(config), "--log", "none", "--camera", address]
    code = run_app(main.app, "edge", [*options, "--debug"])
    out, err = capfd.readouterr()
    assert code in (1, 2, 3)
    assert out == ""
    assert hides(err)
    assert "Traceback" in err


def test_a_service_tells_no_password(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with ThreadPoolExecutor(len(ADDRESSES)) as pool:
        told = dict(zip(ADDRESSES, pool.map(_served, ADDRESSES), strict=True))
    assert [address for address, text in told.items() if not hides(text)] == []
    assert [address for address, text in told.items() if not text] == []
    assert hides("\n".join(caplog.messages))


def _served(address: str) -> str:
    """All that a service tells of a camera at this address that does not answer, or is refused."""
    try:
        settings, health = (
            override(Settings(), HASTY | {"camera.source": address}, "test"),
            Health(),
        )
        source = camera(settings, health)
    except UsageError as error:
        return str(error)
    assert source is not None
    part = health.part("camera")
    with source:
        thread = threading.Thread(target=lambda: _drain(iter(source)))
        thread.start()
        for _ in range(400):
            if part.report().last_error:
                break
            time.sleep(0.02)
        source.close()
        thread.join()
    return "\n".join([source.name, *_surfaces(health.report())]) if part.report().last_error else ""


def _drain(items: Iterator[object]) -> None:
    try:
        for _ in items:
            pass
    except EdgeError:
        return


def _surfaces(report: Report) -> list[str]:
    """Everywhere a report goes: JSON (file, broker), page, Prometheus, console, systemd."""
    found = json.dumps(report.as_dict())
    text = "\n".join(lines(report.as_dict()))
    return [
        found,
        text,
        report.sentence(),
        prometheus(report),
        *Pages(lambda: report, None).answer("/", {}).pieces(),
    ]


def test_the_service_itself_says_no_password_on_its_journal(tmp_path: Path) -> None:
    (tmp_path / "edge.toml").write_text(
        f'[camera]\nsource = "rtsp://admin:{SECRET}@{LOCAL}/user=a&password={SECRET}"\n'
        'open_timeout_s = 0.2\n[service]\nsupervise = "always"\n[log]\npath = "none"\n'
    )
    command = [sys.executable, "-m", "edge", "run", "--config", "edge.toml", "--debug"]
    environment = os.environ | {"RUNTIME_DIRECTORY": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    health = tmp_path / "health.json"
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True
    ) as run:
        for _ in range(600):
            if health.exists() and "127.0.0.1" in health.read_text():
                break
            time.sleep(0.05)
        told = health.read_text()
        run.kill()
        said = run.communicate()[1]
    assert "127.0.0.1" in told
    assert hides(told)
    assert hides(said)


@pytest.mark.parametrize(
    "text",
    [
        f'[mqtt]\npasword = "{SECRET}"\n',
        f'[mqt]\npassword = "{SECRET}"\n',
        f'mqtt = "{SECRET}"\n',
        f'[mqtt]\nhost = "mqtt://edge:{SECRET}@broker"\n',
        f'[mqtt]\nhost = "edge:{SECRET}@broker"\n',
        f'[mqtt]\npassword = ["{SECRET}"]\n',
        f'[camera]\nsource = ["rtsp://a:{SECRET}@h/"]\n',
        f'[camera]\nsorce = "rtsp://a:{SECRET}@h/"\n',
        f'[camera]\nwidth = "{SECRET}\n',
        f'[status]\nenabled = true\nhost = "0.0.0.0"\ntoken = "{SECRET}"\n',
    ],
)
def test_mistyped_settings_tell_no_value(
    text: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(text)
    code = run_app(main.app, "edge", ["run", "--config", str(path), "--debug"])
    assert code == 2
    err = capfd.readouterr().err
    assert str(path) in err
    assert hides(err)


def test_what_settings_hold_is_hidden_wherever_it_turns_up() -> None:
    load(None, {"EDGE_MQTT_PASSWORD": SECRET, "EDGE_STATUS_TOKEN": "0123456789abcdefXYZ"})
    assert hides(redact(f"the broker says: bad credentials edge/{SECRET}"))
    assert "abcdefXYZ" not in redact("GET /?token=0123456789abcdefXYZ 0123456789abcdefXYZ")


def test_settings_as_a_file_keep_the_whole_address() -> None:
    address = f"rtsp://admin:{SECRET}@{LOCAL}/cam"
    assert address in as_toml(override(Settings(), {"camera.source": address}, "test"))


def test_a_log_record_and_a_thread_that_dies_are_redacted(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("excepthook", "unraisablehook"):
        monkeypatch.setattr(sys, name, getattr(sys, name))
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    redaction.guard_streams()
    protect(SECRET)

    def die() -> None:
        raise RuntimeError(f"no entry with {SECRET}")

    thread = threading.Thread(target=die)
    thread.start()
    thread.join()
    record = logging.LogRecord("edge", 30, __file__, 1, "at %s", (f"rtsp://a:{SECRET}@h",), None)
    assert logging.lastResort is not None
    logging.lastResort.emit(record)
    err = capfd.readouterr().err
    assert "RuntimeError: no entry with ***" in err
    assert "at rtsp://***@h" in err
    assert hides(err)


@pytest.mark.parametrize(
    "plain",
    [
        "rtsp://10.0.0.5:8554/Streaming/Channels/101",
        "http://cam.local/h264Preview_01_main",
        "/dev/video0",
        "clip.mp4",
        "auto",
        "cannot open http://cam:81/x: check it",
        "sigma=3, keyboard=5: choose one",
    ],
)
def test_what_is_no_secret_stays(plain: str) -> None:
    assert redact(plain) == plain
    if " " not in plain:
        assert shown(plain) == plain


def test_special_characters_get_the_hint() -> None:
    for address in (f"rtsp://admin:12/{SECRET}@{LOCAL}/", f"rtsp://admin:{SECRET}/@{LOCAL}/"):
        with pytest.raises(UsageError, match="percent-encode"):
            parse(address)


@given(st.text())
def test_any_text_is_redacted_and_shown_without_failing(text: str) -> None:
    redact(text)
    shown(text)
    protect_address(text)
