"""The `edge` command: run, demo, doctor, devices, models, log, service, status."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from edge.cli import run
from edge.cli.calibrate import calibrate
from edge.cli.config import app as config_app
from edge.cli.log import app as log_app
from edge.cli.models import app as models_app
from edge.cli.service import app as service_app
from edge.cli.service import health
from edge.cli.start import main as main
from edge.cli.start import start as start  # what older installations begin with

app = typer.Typer(
    help=run.app.info.help,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    callback=run.root,
)
app.registered_commands += run.app.registered_commands
app.add_typer(config_app, name="config")
app.add_typer(models_app, name="models")
app.add_typer(log_app, name="log")
app.add_typer(service_app, name="service")
app.command("status")(health)
app.command("calibrate")(calibrate)


@app.command()
def devices(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Cameras and microphones by name, and what to give to --camera and --mic for each."""
    from edge.errors import EdgeError
    from edge.sources.audio import list_microphones
    from edge.sources.video import list_cameras

    cameras = list_cameras()
    try:
        microphones, reason = list_microphones(), ""
    except EdgeError as error:
        microphones, reason = [], str(error)
    if as_json:
        found = [{"camera": spec, "name": name} for spec, name in cameras]
        _print_json(found + [{"mic": spec, "name": what} for spec, what in microphones])
    for option, those in (("--camera", cameras), ("--mic", microphones)):
        for spec, name in () if as_json else those:
            typer.echo(f"{option} {shlex.quote(spec):<14} {name}")
    if not cameras:
        typer.echo("no camera found: plug one in, or give a file or a stream to --camera", err=True)
    if not microphones:
        reason = reason or "plug one in, or give a file to --mic"
        typer.echo(f"no microphone found: {reason}", err=True)


@app.command()
def doctor(
    config: Annotated[
        Path | None, typer.Option(help="Settings to look at. Default: the service's.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> int:
    """What this device has and lacks, each lack with the command that fixes it."""
    from edge.cli.doctor import examine
    from edge.cli.findings import exit_code

    findings = examine(config)
    if as_json:
        _print_json([finding.as_dict() for finding in findings])
    else:
        for finding in findings:
            typer.echo(finding.as_line())
    return exit_code(findings)


def _print_json(value: Any) -> None:
    import json

    typer.echo(json.dumps(value, indent=2))
