"""`edge config`: a settings file checked, shown, or made to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Settings files.", no_args_is_help=True)

_File = Annotated[
    Path | None, typer.Argument(help="The file.", show_default="the service's, else the defaults")
]


@app.command()
def check(file: _File = None) -> None:
    """Say whether a settings file is right, with the environment on top; else what is wrong."""
    from edge.settings.loading import load

    path = _file(file)
    load(path)
    typer.echo(f"{path or 'the defaults'}: every setting is right")


@app.command()
def show(file: _File = None) -> None:
    """Every setting as a run would take it; secrets are not shown."""
    from edge.settings.loading import load
    from edge.settings.toml import as_toml

    typer.echo(as_toml(load(_file(file)), secrets=False), nl=False)


@app.command()
def defaults() -> None:
    """A file to start from: every setting with its default and what it means."""
    from edge.settings.sections import Settings
    from edge.settings.toml import as_toml

    typer.echo(as_toml(Settings()), nl=False)


def _file(given: Path | None) -> Path | None:
    from edge.service.files import Layout

    service = Layout().settings
    return given if given is not None or not service.exists() else service
