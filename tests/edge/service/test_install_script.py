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
[ "$1" = -c ] && exit "${PYTHON_FITS:-0}"
[ "$1" = --version ] && echo Python 3.14.0 && exit 0
for home; do :; done
mkdir -p "$home/bin"
cat >"$home/bin/pip" <<END
#!/bin/sh
! grep -q unfetched "$VERSION" && cp "$VERSION" "$home/version"
END
cat >"$home/bin/edge" <<END
#!/bin/sh
echo "\$(cat $home/version): \$*" >>"$CALLS"
[ "\$*" != "service page" ] || echo http://127.0.0.1:8787/
# What a newer version writes, and an older one cannot read.
[ "\$*" != "service install" ] || ! grep -q broken "$home/version" ||
    echo "newer" >"$EDGE_STATE/log.sqlite"
[ "\$1" != log ] || ! grep -q newer "$EDGE_STATE/log.sqlite"
END
chmod +x "$home/bin/pip" "$home/bin/edge"
"""
_RUNUSER = """#!/bin/sh
shift 3
exec "$@"
"""
_SYSTEMCTL = """#!/bin/sh
[ "$1" != stop ] || exit 0
! grep -q broken "$EDGE_HOME/current/version"
"""


@dataclass
class System:
    folder: Path

    def __post_init__(self) -> None:
        tools = self.folder / "tools"
        tools.mkdir()
        (self.folder / "state").mkdir()
        stand_ins = {"python3": _PYTHON, "systemctl": _SYSTEMCTL, "runuser": _RUNUSER}
        for name, text in stand_ins.items():
            (tools / name).write_text(text)
            (tools / name).chmod(0o755)

    @property
    def home(self) -> Path:
        return self.folder / "opt"

    @property
    def calls(self) -> str:
        return (self.folder / "calls").read_text()

    @property
    def log(self) -> Path:
        return self.folder / "state/log.sqlite"

    def run(self, *arguments: str, version: str = "", **others: str) -> tuple[int, str]:
        (self.folder / "version").write_text(version)
        more = {
            "PATH": f"{self.folder / 'tools'}:{os.environ['PATH']}",
            "EDGE_HOME": str(self.home),
            "EDGE_STATE": str(self.log.parent),
            "EDGE_SYSTEMD": str(self.folder),
            "EDGE_DPKG": str(self.folder / "dpkg"),
            "EDGE_PATIENCE_S": "0",
            "EDGE_PROBATION_S": "0",
            "VERSION": str(self.folder / "version"),
            "CALLS": str(self.folder / "calls"),
        }
        done = subprocess.run(
            [str(ROOT / "install.sh"), *arguments],
            env=os.environ | more | others,
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
        assert said.splitlines()[-1].endswith("ready: open http://127.0.0.1:8787/")
    assert system.run("uninstall")[0] == 0
    assert system.calls.splitlines()[-1] == "three: service uninstall"
    assert not system.home.exists()
    assert system.log.parent.exists()


def test_a_version_that_does_not_get_ready_leaves_the_one_before(system: System) -> None:
    assert system.run(version="one")[0] == 0
    system.log.write_text("events")
    code, said = system.run(version="broken")
    assert code == 1
    assert "the one before runs again" in said
    assert system.in_use == "one"
    assert system.log.read_text() == "events"  # the newer one had changed it
    assert not (system.home / "log-before").exists()
    assert system.calls.splitlines()[-1] == "one: service install"
    assert system.run(version="two")[0] == 0
    assert system.in_use == "two"


def test_packages_that_cannot_be_had_change_nothing(system: System) -> None:
    assert system.run(version="unfetched")[0] == 1
    assert not system.home.exists()
    assert system.run(version="one")[0] == 0
    calls = system.calls
    code, said = system.run(version="unfetched")
    assert code == 1
    assert "nothing was changed" in said
    assert system.in_use == "one"
    assert system.calls == calls


def test_what_the_system_lacks_is_said_first(system: System) -> None:
    for lack, sentence in (
        ({"EDGE_SYSTEMD": "/nowhere"}, "systemd does not run here"),
        ({"PYTHON": "python3.99"}, "apt install python3"),
        ({"PYTHON_FITS": "1"}, "none of 3.11 to 3.13"),
    ):
        code, said = system.run(version="one", **lack)
        assert code == 3
        assert sentence in said
        assert not system.home.exists()


def test_it_is_not_installed_beside_the_package(system: System) -> None:
    (system.folder / "dpkg/info").mkdir(parents=True)
    (system.folder / "dpkg/info/emotion-edge.postinst").touch()
    for verb in ("install", "uninstall"):
        code, said = system.run(verb)
        assert code == 2
        assert "sudo apt remove emotion-edge" in said


def test_with_nothing_installed_uninstall_says_so(system: System) -> None:
    code, said = system.run("uninstall", version="none")
    assert code == 0
    assert "nothing is installed" in said


def test_a_first_installation_that_fails_says_where_to_look(system: System) -> None:
    code, said = system.run(version="broken")
    assert code == 1
    assert "journalctl -u edge" in said


def test_what_is_asked_wrongly_changes_nothing(system: System) -> None:
    code, said = system.run("upgrade")
    assert code == 2
    assert "give install, uninstall or purge" in said
    assert not system.home.exists()


def test_an_installation_is_known_for_what_it_is(tmp_path: Path) -> None:
    home = tmp_path / "opt"
    (home / "a").mkdir(parents=True)
    (home / "current").symlink_to("a")
    assert in_use(home / "a") == home / "current"
    assert find(home / "a", tmp_path) is Installation.SCRIPT
    assert find(tmp_path / "venv", tmp_path) is Installation.CLONE
    unit = tmp_path / "lib/systemd/system/edge.service"
    unit.parent.mkdir(parents=True)
    unit.touch()
    assert find(home / "a", tmp_path) is Installation.PACKAGE


def test_an_image_is_known_by_what_its_builder_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "lib/python3.11/site-packages/edge/service/installation.py"
    monkeypatch.setattr("edge.service.installation.__file__", str(site))
    monkeypatch.delenv("container", raising=False)
    assert find(tmp_path, tmp_path) is Installation.PIP
    monkeypatch.setenv("container", "oci")
    assert find(tmp_path, tmp_path) is Installation.CONTAINER
    monkeypatch.delenv("container")
    (tmp_path / ".dockerenv").touch()
    assert find(tmp_path, tmp_path) is Installation.CONTAINER


def test_the_package_s_service_is_left_to_the_package(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unit = tmp_path / "lib/systemd/system/edge.service"
    unit.parent.mkdir(parents=True)
    unit.touch()
    assert run_app(app, "edge service", ["uninstall", "--root", str(tmp_path)]) == 2
    assert "sudo apt remove emotion-edge" in capsys.readouterr().err
    assert unit.exists()
    assert run_app(app, "edge service", ["install", "--root", str(tmp_path)]) == 2
    assert "is the Debian package's" in capsys.readouterr().err
    assert not (tmp_path / "etc").exists()
