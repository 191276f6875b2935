"""`edge config`: what is wrong is one sentence, and no secret is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.cli.app import run_app
from edge.cli.config import app
from edge.settings.loading import load

_SECRET = "s3cr3t-0123456789"


def config(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run_app(app, "edge config", list(arguments))
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_wrong_setting_is_told_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "edge.toml"
    path.write_text('[camera]\nwidth = "wide"\n')
    code, out, said = config(capsys, "check", str(path))
    assert (code, out) == (2, "")
    assert f"{path} line 2: camera.width" in said
    path.write_text("[camera]\nwidth = 640\n")
    assert config(capsys, "check", str(path))[0] == 0
    assert config(capsys, "check", str(tmp_path / "none.toml"))[0] == 3


def test_what_is_shown_holds_no_secret(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(
        f'[camera]\nsource = "rtsp://admin:{_SECRET}@cam/1"\n[status]\ntoken = "{_SECRET}"\n'
        f'[mqtt]\npassword = "{_SECRET}"\n'
    )
    code, out, _ = config(capsys, "show", str(path))
    assert code == 0
    assert _SECRET not in out
    assert "cam/1" in out


def test_the_defaults_are_a_file_to_start_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(config(capsys, "defaults")[1])
    assert load(path, {}) == load(None, {})
