"""`edge doctor`: what settings ask for and the device lacks, and what its exit code says of it."""

from __future__ import annotations

import json
import os
import pwd
from pathlib import Path
from types import SimpleNamespace

import pytest

from edge.cli.app import run_app
from edge.cli.doctor_settings import of_service, of_settings
from edge.cli.findings import Finding, exit_code
from edge.cli.main import app
from edge.health.file import HealthFile
from edge.health.report import Health
from edge.service.files import Layout
from edge.service.settings import page_address, service_settings
from edge.settings.sections import StatusSettings

CAMERALESS = '[camera]\nsource = "none"\n[mic]\nsource = "synthetic"\n'


def _config(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return path


def _lacking(findings: list[Finding]) -> dict[str, str]:
    return {found.part: f"{found.state}; {found.fix}" for found in findings if found.lacks}


def test_a_device_with_what_the_settings_ask_for_lacks_nothing(tmp_path: Path) -> None:
    findings = of_settings(_config(tmp_path, CAMERALESS))
    assert _lacking(findings) == {}
    assert {found.state for found in findings} >= {"audio_crnn", "synthetic"}


@pytest.mark.parametrize(
    ("text", "part", "said"),
    [
        ('[camera]\nsource = "/dev/video77"\n', "camera", "there is no camera /dev/video77"),
        ('[camera]\nsource = "no/such/clip.mp4"\n', "camera", "no file or folder"),
        ('[mic]\nsource = "no/such/voice.wav"\n', "microphone", "there is no file"),
        ('[model]\nname = "nobody"\n', "the settings' model", "edge models list"),
        ('[model]\nname = "no/such.tflite"\n', "the settings' model", "there is no no/such.tflite"),
    ],
)
def test_what_is_wanted_and_absent_is_named_and_ends_with_1(
    tmp_path: Path, text: str, part: str, said: str
) -> None:
    findings = of_settings(_config(tmp_path, text))
    assert said in _lacking(findings)[part]
    assert exit_code(findings) == 1


def test_the_command_looks_at_the_settings_it_is_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_app(app, "edge", ["doctor", "--config", str(_config(tmp_path, CAMERALESS))]) == 0
    assert "installation: a clone, in" in capsys.readouterr().out
    config = _config(tmp_path, '[camera]\nsource = "/dev/video77"\n')
    assert run_app(app, "edge", ["doctor", "--json", "--config", str(config)]) == 1
    found = json.loads(capsys.readouterr().out)
    assert any(each["part"] == "camera" and each["wanted"] and not each["ok"] for each in found)
    assert run_app(app, "edge", ["doctor", "--config", str(tmp_path / "none.toml")]) == 3


def test_a_part_that_is_missing_outweighs_what_is_wanted() -> None:
    wanted, part = Finding("a", "b", "c", wanted=True), Finding("a", "b", "c", blocks=True)
    assert exit_code([wanted, part]) == 3
    assert exit_code([Finding("a", "b", "may be had"), Finding("a", "b")]) == 0


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """A system with a service that does not run, and a user edge: this test's."""
    found = Layout(tmp_path / "system")
    found.settings.parent.mkdir(parents=True)
    found.settings.write_text(CAMERALESS)
    found.state.mkdir(parents=True)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(pwd, "getpwnam", lambda name: SimpleNamespace(pw_uid=os.getuid()))
    return found


def test_a_system_without_a_service_has_nothing_to_say_of_one(tmp_path: Path) -> None:
    assert of_service(Layout(tmp_path)) == []


def test_a_service_with_what_it_wants_lacks_nothing(layout: Layout) -> None:
    findings = of_service(layout)
    assert _lacking(findings) == {}
    assert any(found.part == "service's log" and "free" in found.state for found in findings)


def test_a_log_that_the_service_cannot_write_is_a_lack(layout: Layout) -> None:
    layout.state.chmod(0o500)
    assert "is not the service's to write" in _lacking(of_service(layout))["service's log"]
    layout.state.chmod(0o700)
    layout.state.rmdir()
    assert "there is no folder" in _lacking(of_service(layout))["service's log"]
    layout.settings.write_text(CAMERALESS + f'[log]\npath = "{layout.root}/log.sqlite"\n')
    assert "ReadWritePaths=" in _lacking(of_service(layout))["service's log"]
    layout.settings.write_text(CAMERALESS + '[log]\npath = "none"\n')
    assert _lacking(of_service(layout)) == {}


def test_settings_that_are_wrong_or_hidden_are_said(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout.settings.write_text("[camera]\nwidth = 1\n")
    assert "line 2: camera.width" in _lacking(of_service(layout))["service's settings"]
    monkeypatch.setattr("edge.cli.doctor_settings._readable", lambda path: False)
    findings = of_service(layout)
    assert [found.fix for found in findings if "only root" in found.state] == ["sudo edge doctor"]
    assert exit_code(findings) == 0


def test_the_environment_file_goes_on_top(layout: Layout) -> None:
    layout.environment.write_text(
        "# EDGE_MIC_SOURCE=default\n;x\nEDGE_CAMERA_SOURCE='/dev/video77'\nEDGE_MIC_SOURCE=none\n"
        'OMP_NUM_THREADS=1\nEDGE_LOG_PATH="unclosed\nno line of it\n'
    )
    assert service_settings(layout).mic.source == "none"
    assert "/dev/video77" in _lacking(of_service(layout))["service's camera"]


def test_a_service_that_runs_says_itself_what_it_waits_for(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = "LoadState=loaded\\nActiveState=active\\nSubState=running\\nNRestarts=2\\n"
    systemctl = tmp_path / "systemctl"
    systemctl.write_text(f'#!/bin/sh\nprintf "{answers}StatusText=\\nResult=success\\n"\n')
    systemctl.chmod(0o755)
    monkeypatch.setattr("edge.health.file.SYSTEM", tmp_path)
    health = Health()
    health.part("camera").waiting("no camera was found: plug one in")
    health.part("log", "sink").running()
    HealthFile(tmp_path).offer(health.report)
    findings = of_service(layout)
    assert _lacking(findings) == {"service's camera": "waiting: no camera was found; plug one in"}
    assert any(found.part == "service" and "active (running)" in found.state for found in findings)
    systemctl.write_text(systemctl.read_text().replace("=active", "=failed"))
    assert "journalctl -u edge" in _lacking(of_service(layout))["service"]


def test_a_page_that_does_not_answer_is_a_lack(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemctl = tmp_path / "systemctl"
    answers = "LoadState=loaded\\nActiveState=active\\nSubState=running\\nNRestarts=0\\n"
    systemctl.write_text(f'#!/bin/sh\nprintf "{answers}"\n')
    systemctl.chmod(0o755)
    monkeypatch.setattr("edge.health.file.SYSTEM", tmp_path / "nothing")
    layout.settings.write_text(CAMERALESS + "[status]\nenabled = true\nport = 1\n")
    assert "http://127.0.0.1:1/ does not answer" in _lacking(of_service(layout))["service's page"]


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        (StatusSettings(enabled=True), "http://127.0.0.1:8787/"),
        (StatusSettings(enabled=True, host="::1", port=80), "http://[::1]:80/"),
        (StatusSettings(enabled=True, host="0.0.0.0", token="x" * 16), "http://127.0.0.1:8787/"),
        (StatusSettings(enabled=True, port=0), ""),
        (StatusSettings(), ""),
    ],
)
def test_the_page_is_where_a_browser_on_the_device_finds_it(
    settings: StatusSettings, address: str
) -> None:
    assert page_address(settings) == address
