"""The `edge` command: run, demo, doctor, devices, models, log, service, status."""

from __future__ import annotations

import os
import resource
import shlex
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from edge import __version__
from edge.cli.app import run_app
from edge.cli.config import app as config_app
from edge.cli.log import app as log_app
from edge.cli.models import app as models_app
from edge.cli.service import app as service_app
from edge.cli.service import health
from edge.cli.summary import print_summary

if TYPE_CHECKING:
    from edge.settings.sections import Settings
    from edge.sinks import Sink

app = typer.Typer(
    help="Names the emotions of faces and voices, on the device, and logs them there.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(config_app, name="config")
app.add_typer(models_app, name="models")
app.add_typer(log_app, name="log")
app.add_typer(service_app, name="service")
app.command("status")(health)


_Force = Annotated[bool, typer.Option("--force", help="Replace what stands at --annotate.")]


class Output(StrEnum):
    NONE = "none"
    CONSOLE = "console"
    JSONL = "jsonl"


def main() -> int:
    return run_app(app, "edge")


def start() -> NoReturn:
    """`main` as a process of its own, and its end.

    A driver that was left behind in its thread aborts the interpreter when that takes itself
    down (its C++ cannot be unwound), and a clean stop would look like a crash: such a process
    ends at once, with everything written.
    """
    # The memory of a run holds pictures and passwords: no file is to be made of it.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    code = main()
    if any(thread.daemon for thread in threading.enumerate()):
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):  # its reader has gone
                stream.flush()
        os._exit(code)
    sys.exit(code)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"emotion-edge {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Say which it is."),
    ] = False,
) -> None:
    pass


@app.command()
def run(
    config: Annotated[Path | None, typer.Option(help="Settings, as TOML.")] = None,
    camera: Annotated[
        str | None,
        typer.Option(
            help="auto, picamera, INDEX, /dev/videoN, FILE, FOLDER, URL (rtsp, http), synthetic "
            "or none."
        ),
    ] = None,
    mic: Annotated[
        str | None,
        typer.Option(help="none, default, NAME (`edge devices`), FILE (a video's too), synthetic."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="For faces: a shipped one (`edge models list`) or a .tflite's path."),
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(help="Of a .tflite without a card, in its outputs' order: happy,neutral,..."),
    ] = None,
    scaling: Annotated[
        str | None,
        typer.Option(help="Of such a one: 0-1, -1-1, 0-255, imagenet, or MEAN/DEVIATION in bytes."),
    ] = None,
    colour: Annotated[
        str | None, typer.Option(help="Of such a one with three channels: rgb, bgr or gray.")
    ] = None,
    threads: Annotated[int | None, typer.Option(help="Threads of the interpreter.")] = None,
    detector: Annotated[
        str | None,
        typer.Option(help="haar, lbp, yunet, or none: every picture is one face, cut out already."),
    ] = None,
    budget_ms: Annotated[
        float | None, typer.Option(min=0, help="What the face search may take of a live frame.")
    ] = None,
    log: Annotated[
        str | None, typer.Option(help="The log's path; none keeps no log. Default: in your home.")
    ] = None,
    output: Annotated[Output, typer.Option(help="What to print of each event.")] = Output.CONSOLE,
    annotate: Annotated[
        str | None,
        typer.Option(help="Store the frames with boxes and labels: .mp4, .webm, or a folder/."),
    ] = None,
    force: _Force = False,
    frames: Annotated[int | None, typer.Option(min=1, help="Stop after this many.")] = None,
    duration: Annotated[
        float | None, typer.Option(min=0.1, help="Stop after that many seconds.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No summary at the end.")] = False,
) -> int:
    """Run on a camera, a microphone, a stream or a file until it ends, a limit, or Ctrl-C."""
    changes = {
        "camera.source": camera,
        "mic.source": mic,
        "model.name": model,
        "model.labels": labels and [label.strip() for label in labels.split(",")],
        "model.scaling": scaling,
        "model.colour": colour,
        "model.threads": threads,
        "detection.detector": detector,
        "detection.budget_ms": budget_ms,
        "log.path": log,
    }

    def read() -> Settings:
        return _settings(config, changes)

    inputs = [config] if config is not None else []
    _check_outputs(read(), annotate, inputs, force=force)
    return _run(read, output, annotate, frames=frames, duration=duration, quiet=quiet)


@app.command()
def demo(
    model: Annotated[str, typer.Option(help="A shipped model's name.")] = "edge_net",
    annotate: Annotated[
        str | None, typer.Option(help="Store the sample with boxes and labels here (.mp4).")
    ] = None,
    force: _Force = False,
) -> int:
    """The main job with no hardware: the bundled sample, a summary, where the log is."""
    from edge.log.paths import default_log_path

    log = default_log_path().with_name("demo.sqlite")
    changes = {"camera.source": "synthetic", "model.name": model, "log.path": str(log)}
    _check_outputs(_settings(None, changes), annotate, [], force=force)
    return _run(lambda: _settings(None, changes), Output.CONSOLE, annotate)


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
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> int:
    """What this device has and lacks, each lack with the command that fixes it."""
    from edge.cli.doctor import examine

    findings = examine()
    if as_json:
        _print_json([finding.as_dict() for finding in findings])
    else:
        for finding in findings:
            typer.echo(finding.as_line())
    if any(finding.blocks for finding in findings):
        return 3
    return 1 if any(finding.wanted for finding in findings) else 0


def _settings(config: Path | None, changes: dict[str, Any]) -> Settings:
    """The file's settings (or the defaults), the environment's and the command line's on top."""
    from edge.settings.loading import load, override

    loaded = load(config)
    given = {path: value for path, value in changes.items() if value is not None}
    return override(loaded, given, "command line")


def _run(
    read_settings: Callable[[], Settings],
    output: Output,
    annotate: str | None,
    *,
    frames: int | None = None,
    duration: float | None = None,
    quiet: bool = False,
) -> int:
    from edge.run import session
    from edge.run.summary import RunSummary

    settings, summary = read_settings(), RunSummary()
    try:
        session.run(
            settings,
            lambda now: _sinks(now, output, annotate),
            reread=read_settings,
            annotate=annotate,
            max_frames=frames,
            max_seconds=duration,
            summary=summary,
        )
    finally:
        if not quiet and (summary.frames or summary.windows or summary.ended):
            print_summary(summary, settings, annotate)
    return 0


def _sinks(settings: Settings, output: Output, annotate: str | None) -> Iterator[Sink]:
    """The sinks that a run writes to, each opened when it is asked for."""
    from edge.log.configure import log_sinks
    from edge.sinks import open_sink

    yield from log_sinks(settings, Path(annotate) if annotate else None)
    if output is not Output.NONE:
        printing = open_sink(output.value, sys.stdout)
        if settings.forecast.enabled:
            from edge.forecast.live import ForecastingSink, open_forecasts

            printing = ForecastingSink(printing, open_forecasts(settings))
        yield printing


def _check_outputs(
    settings: Settings, annotate: str | None, inputs: list[Path], *, force: bool
) -> None:
    from edge.run.outputs import check_outputs

    check_outputs(settings, annotate, inputs, force=force)


def _print_json(value: Any) -> None:
    import json

    typer.echo(json.dumps(value, indent=2))
