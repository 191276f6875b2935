"""`edge service`, on another system's files and with a systemctl that only takes notes.

What systemd itself makes of it: tests/rigs/systemd.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from edge.cli.app import run_app
from edge.cli.service import app
from edge.errors import DataError, EdgeError, MissingDataError, UsageError
from edge.health.file import HealthFile, folder, read, report_folder
from edge.health.report import Health
from edge.service.files import UNITS, Layout, install
from edge.settings.loading import load
from edge.settings.sections import Settings, StatusSettings
from edge.status.text import lines

PREFIX = Path("/srv/emotion")


@pytest.fixture
def card(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "card")


def test_a_card_gets_units_user_settings_and_a_place_for_secrets(card: Layout) -> None:
    written = install(card, PREFIX, None, network=False)
    assert {path.name for path in written} >= {*UNITS, "edge.toml", "edge.env", "edge-backoff"}
    unit = (card.units / "edge.service").read_text()
    assert "ExecStart=/srv/emotion/bin/edge run --config /etc/edge/edge.toml" in unit
    assert "/opt/emotion-edge" not in unit
    backoff = card.root / "srv/emotion/libexec/edge-backoff"
    assert os.access(backoff, os.X_OK)
    assert load(card.settings, {}) == Settings(status=StatusSettings(enabled=True))
    assert card.environment.stat().st_mode & 0o777 == 0o600
    assert card.settings.stat().st_mode & 0o777 == 0o600
    assert not card.network.exists()


def test_settings_that_are_there_are_left_alone(card: Layout) -> None:
    card.settings.parent.mkdir(parents=True)
    card.settings.write_text("[camera]\nwidth = 1280\n")
    card.environment.write_text("EDGE_MQTT_PASSWORD=x\n")
    install(card, PREFIX, None, network=False)
    assert load(card.settings, {}).camera.width == 1280
    assert card.environment.read_text() == "EDGE_MQTT_PASSWORD=x\n"


def test_settings_that_do_not_load_are_not_taken_over(card: Layout, tmp_path: Path) -> None:
    config = tmp_path / "mine.toml"
    config.write_text("[camera]\nwidth = 1\n")
    with pytest.raises(UsageError, match=r"line 2: camera\.width is 1"):
        install(card, PREFIX, config, network=False)
    assert not card.settings.exists()


@pytest.mark.parametrize("prefix", ["/home/pi/venv", "/root/venv", "/tmp/venv"])
def test_a_place_that_the_sandbox_hides_is_refused(card: Layout, prefix: str) -> None:
    with pytest.raises(UsageError, match="cannot see"):
        install(card, Path(prefix), None, network=False)
    assert not card.root.exists()


def test_what_was_laid_down_is_taken_away_but_settings_and_log(
    card: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    install(card, PREFIX, None, network=True)
    assert card.network.exists()
    card.state.mkdir(parents=True)
    assert run_app(app, "edge service", ["uninstall", "--root", str(card.root)]) == 0
    left = [path.name for path in card.root.rglob("*") if path.is_file()]
    assert sorted(left) == ["edge-backoff", "edge.env", "edge.toml"]
    said = capsys.readouterr().err
    assert "log delete --all" in said
    assert run_app(app, "edge service", ["uninstall", "--root", str(card.root)]) == 0


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "etc").write_text("a file")
    with pytest.raises(EdgeError, match="sudo"):
        install(Layout(tmp_path), PREFIX, None, network=False)


@pytest.fixture
def systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A systemctl on the path that answers as one where the service runs."""
    answers = "LoadState=loaded\\nActiveState=active\\nSubState=running\\nNRestarts=2\\n"
    answers += "StatusText=camera waiting\\nResult=success\\n"
    program = tmp_path / "bin" / "systemctl"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/asked\nprintf "{answers}"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return program


def _report(where: Path) -> Health:
    health = Health()
    health.part("camera").waiting("there is no camera")
    HealthFile(where).offer(health.report)
    return health


def test_status_gives_systemds_word_and_the_runs_own(
    systemctl: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("edge.health.file.SYSTEM", tmp_path)
    _report(tmp_path)
    assert run_app(app, "edge service", ["status"]) == 0
    said = capsys.readouterr().out
    assert "edge.service is active (running), 2 restarts: camera waiting" in said
    assert "camera       waiting" in said
    assert run_app(app, "edge service", ["status", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["unit"]["NRestarts"] == "2"
    assert found["health"]["state"] == "waiting"


def test_status_without_a_service_says_how_to_have_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr("edge.health.file.SYSTEM", tmp_path / "nothing")
    assert run_app(app, "edge service", ["status"]) == 1
    assert "sudo make install" in capsys.readouterr().out


def test_a_run_in_a_shell_without_a_session_is_found_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("edge.health.file.SYSTEM", tmp_path / "nothing")
    monkeypatch.setattr("edge.health.file.MEMORY", tmp_path)
    where = report_folder()
    assert where is not None
    _report(where)
    assert read()["state"] == "waiting"
    own = tmp_path / f"edge-{os.geteuid()}"
    own.chmod(0o777)
    assert report_folder() is None, "anybody may write there"
    own.rename(tmp_path / "elsewhere")
    own.symlink_to(tmp_path / "elsewhere")
    assert report_folder() is None
    with pytest.raises(MissingDataError):
        read()


def test_installing_where_there_is_no_systemd_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run_app(app, "edge service", ["install"]) == 3
    assert "does not use systemd" in capsys.readouterr().err
    assert not Path("/etc/systemd/system/edge.service").exists()


def test_the_report_is_written_whole_now_and_then_and_read_back(tmp_path: Path) -> None:
    now_s = [0.0]
    health = Health()
    file = HealthFile(tmp_path, clock=lambda: now_s[0])
    file.offer(health.report)
    first = read(tmp_path)
    health.part("camera").running()
    file.offer(health.report)
    assert read(tmp_path) == first
    now_s[0] = 2.5
    file.offer(health.report)
    assert read(tmp_path)["parts"][0]["state"] == "running"
    assert [path.name for path in tmp_path.iterdir()] == ["health.json"]
    assert "camera       running" in "\n".join(lines(read(tmp_path)))
    file.remove()
    with pytest.raises(MissingDataError, match="nothing runs"):
        read(tmp_path)


@pytest.mark.parametrize("garbage", [b"", b"[]", b"{", b"\xff\xfe", b'{"a": 1}', b"3"])
def test_a_report_that_is_none_is_said(tmp_path: Path, garbage: bytes) -> None:
    (tmp_path / "health.json").write_bytes(garbage)
    with pytest.raises(DataError, match="no report"):
        read(tmp_path)


def test_a_folder_that_refuses_does_not_stop_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for where in (None, tmp_path / "file", tmp_path / "file" / "deeper"):
        HealthFile(where).offer(Health().report)
        HealthFile(where).remove()
    assert folder({}) is None
    assert folder({"RUNTIME_DIRECTORY": "/run/edge:/run/other"}) == Path("/run/edge")
