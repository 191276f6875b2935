"""`edge service`: the device's service, installed, looked at, removed. And `edge status`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge.errors import EdgeError, MissingDataError, MissingPackageError, UsageError
from edge.status.text import lines

if TYPE_CHECKING:
    from edge.service.files import Layout

app = typer.Typer(help="emotion-edge as a service of systemd.", no_args_is_help=True)

_TIMEOUT_S = 60
_Root = Annotated[
    Path, typer.Option(help="Another system's files, say a mounted card's: nothing is started.")
]
_AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
_LIVE = Path("/")


@app.command()
def install(
    config: Annotated[Path | None, typer.Option(help="Settings to take over.")] = None,
    network: Annotated[
        bool, typer.Option("--network", help="Let it beyond loopback: a broker, a network camera.")
    ] = False,
    start: Annotated[bool, typer.Option(help="Start it now, and at each boot.")] = True,
    root: _Root = _LIVE,
) -> None:
    """Make this installation start at boot, as its own user, in a sandbox."""
    from edge.service.files import ENABLED, Layout
    from edge.service.files import install as lay_down
    from edge.service.installation import in_use, is_packaged

    layout = Layout(root)
    if is_packaged(root):
        raise UsageError(
            f"the service is the Debian package's, and is installed: its settings are "
            f"{layout.settings}, then sudo systemctl reload edge; for the network, copy "
            "/usr/share/emotion-edge/network.conf to /etc/systemd/system/edge.service.d/"
        )
    if root == _LIVE:
        _systemctl("--version")
    for path in lay_down(layout, in_use(Path(sys.prefix)), config, network=network):
        typer.echo(f"wrote {path}", err=True)
    if root == _LIVE:
        _run("systemd-sysusers", str(layout.user))
        _run("systemd-tmpfiles", "--create", str(layout.tmpfiles))
        _systemctl("daemon-reload")
        if start:
            _systemctl("enable", *ENABLED)
            # One that runs already is to run with what was written. Not a restart: that would keep
            # the waits between restarts, and give no moment at which the old one is not active.
            _systemctl("stop", *ENABLED)
            _systemctl("start", "--no-block", *ENABLED)
    typer.echo(f"settings: {layout.settings}", err=True)
    typer.echo("look: edge service status; journalctl -u edge", err=True)


@app.command()
def uninstall(root: _Root = _LIVE) -> None:
    """Stop it and remove its units; settings and log stay."""
    from edge.service.files import ENABLED, Layout
    from edge.service.files import uninstall as take_away
    from edge.service.installation import is_packaged

    layout = Layout(root)
    if is_packaged(root):
        raise UsageError(
            "the service is the Debian package's: sudo apt remove emotion-edge (settings and log"
            " stay), or sudo apt purge emotion-edge (they go too)"
        )
    if root == _LIVE and (layout.units / ENABLED[0]).exists():
        _systemctl("disable", "--now", *ENABLED)
    for path in take_away(layout):
        typer.echo(f"removed {path}", err=True)
    if root == _LIVE:
        _systemctl("daemon-reload")
    typer.echo(_what_remains(layout), err=True)


@app.command()
def page() -> int:
    """Where the service's page is. Exits with 1 where it has none."""
    from edge.service.files import Layout
    from edge.service.settings import page_address, service_settings

    layout = Layout()
    address = page_address(service_settings(layout).status)
    if not address:
        typer.echo(f"the page is off: status.enabled in {layout.settings}", err=True)
        return 1
    typer.echo(address)
    return 0


@app.command()
def status(as_json: _AsJson = False) -> int:
    """How the service is: systemd's word, and its own. Exits with 0 where it runs."""
    unit = unit_state()
    try:
        report: dict[str, Any] | None = _read()
        missing = ""
    except MissingDataError as error:
        report, missing = None, str(error)
    if as_json:
        typer.echo(json.dumps({"unit": unit, "health": report}, indent=2))
    else:
        if unit:
            typer.echo(
                f"edge.service is {unit['ActiveState']} ({unit['SubState']}), "
                f"{unit['NRestarts']} restarts: {unit['StatusText'] or unit['Result']}"
            )
        else:
            typer.echo(f"edge.service is not installed: do `{_how_to_install()}`")
        typer.echo("\n".join(lines(report)) if report else missing)
    return 0 if unit.get("ActiveState") == "active" else 1


def health(as_json: _AsJson = False) -> int:
    """How the run is, the service's or your own: each part, rates, temperature, last event."""
    report = _read()
    typer.echo(json.dumps(report, indent=2) if as_json else "\n".join(lines(report)))
    return 0 if report["state"] in ("running", "waiting", "starting") else 1


def _read() -> dict[str, Any]:
    from edge.health.file import read

    return read()


def _what_remains(layout: Layout) -> str:
    return (
        f"kept: {layout.settings.parent} and {layout.state}, with the log. To delete the events "
        f"for good: sudo edge log delete --all --log {layout.state / 'log.sqlite'}"
    )


def _how_to_install() -> str:
    from edge.service.installation import Installation, find

    return "sudo make install" if find() is Installation.CLONE else "sudo edge service install"


def unit_state() -> dict[str, str]:
    """systemd's properties of the unit; {} where it is not installed, or there is no systemd."""
    wanted = ("LoadState", "ActiveState", "SubState", "NRestarts", "StatusText", "Result")
    try:
        shown = _run("systemctl", "show", "edge.service", f"--property={','.join(wanted)}")
    except EdgeError:
        return {}
    found = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    return found if found.get("LoadState") == "loaded" else {}


def _systemctl(*arguments: str) -> str:
    return _run("systemctl", *arguments)


def _run(*command: str) -> str:
    """Run one of systemd's tools; its output. Raises MissingPackageError, EdgeError."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
    except FileNotFoundError as error:
        raise MissingPackageError(
            f"there is no {command[0]} here: this system does not use systemd"
        ) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EdgeError(f"{' '.join(command)} did not work ({error}): try it by hand") from error
    if done.returncode:
        said = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        raise EdgeError(f"{' '.join(command)} failed ({said}): run this with sudo")
    return done.stdout
