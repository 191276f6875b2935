"""install.sh on stand-ins for systemd, python3 and the package: the switch, and the way back."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from places import ROOT

from edge.cli.app import run_app
from edge.cli.service import app
from edge.service.installation import Installation, find, in_use

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="installing needs root")

_PYTHON = r"""#!/bin/sh
[ "$1" = -c ] && exit 0
for home; do :; done
mkdir -p "$home/bin"
cat >"$home/bin/pip" <<END
#!/bin/sh
cp "$VERSION" "$home/version"
END
cat >"$home/bin/edge" <<END
#!/bin/sh
echo "\$(cat $home/version): \$*" >>"$CALLS"
END
chmod +x "$home/bin/pip" "$home/bin/edge"
"""
_SYSTEMCTL = """#!/bin/sh
! grep -q broken "$EDGE_HOME/current/version"
"""


@dataclass
class System:
    folder: Path

    def __post_init__(self) -> None:
        tools = self.folder / "tools"
        tools.mkdir()
        for name, text in (("python3", _PYTHON), ("systemctl", _SYSTEMCTL)):
            (tools / name).write_text(text)
            (tools / name).chmod(0o755)

    @property
    def home(self) -> Path:
        return self.folder / "opt"

    @property
    def calls(self) -> str:
        return (self.folder / "calls").read_text()

    def run(self, *arguments: str, version: str = "") -> tuple[int, str]:
        (self.folder / "version").write_text(version)
        more = {
            "PATH": f"{self.folder / 'tools'}:{os.environ['PATH']}",
            "EDGE_HOME": str(self.home),
            "EDGE_PATIENCE_S": "0",
            "VERSION": str(self.folder / "version"),
            "CALLS": str(self.folder / "calls"),
        }
        done = subprocess.run(
            [str(ROOT / "install.sh"), *arguments],
            env=os.environ | more,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stderr

    @property
    def in_use(self) -> str:
        return (self.home / "current/version").read_text()


@pytest.fixture
def system(tmp_path: Path) -> System:
    return System(tmp_path)


def test_it_installs_upgrades_and_is_taken_away(system: System) -> None:
    for version in ("one", "two", "three"):
        code, said = system.run(version=version)
        assert code == 0, said
        assert system.in_use == version
        assert f"{version}: service install" in system.calls
    assert system.run("uninstall")[0] == 0
    assert system.calls.splitlines()[-1] == "three: service uninstall"
    assert not system.home.exists()


def test_a_version_that_does_not_get_ready_leaves_the_one_before(system: System) -> None:
    assert system.run(version="one")[0] == 0
    code, said = system.run(version="broken")
    assert code == 1
    assert "the one before runs again" in said
    assert system.in_use == "one"
    assert system.calls.splitlines()[-1] == "one: service install"
    assert system.run(version="two")[0] == 0
    assert system.in_use == "two"


def test_a_first_installation_that_fails_says_where_to_look(system: System) -> None:
    code, said = system.run(version="broken")
    assert code == 1
    assert "journalctl -u edge" in said


def test_what_is_asked_wrongly_changes_nothing(system: System) -> None:
    code, said = system.run("upgrade")
    assert code == 2
    assert "give install or uninstall" in said
    assert not system.home.exists()


def test_an_installation_is_known_for_what_it_is(tmp_path: Path) -> None:
    home = tmp_path / "opt"
    (home / "a").mkdir(parents=True)
    (home / "current").symlink_to("a")
    assert in_use(home / "a") == home / "current"
    assert find(home / "a", tmp_path) is Installation.SCRIPT
    assert find(tmp_path / "venv", tmp_path) is Installation.CLONE
    (tmp_path / ".dockerenv").touch()
    assert find(home / "a", tmp_path) is Installation.CONTAINER


def test_the_package_s_service_is_not_taken_away_in_silence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unit = tmp_path / "lib/systemd/system/edge.service"
    unit.parent.mkdir(parents=True)
    unit.touch()
    assert run_app(app, "edge service", ["uninstall", "--root", str(tmp_path)]) == 2
    assert "sudo apt remove emotion-edge" in capsys.readouterr().err
    assert unit.exists()
