"""`edge run` and `edge demo`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge import __version__
from edge.cli.completion import models
from edge.cli.summary import print_start, print_summary
from edge.system import collector

if TYPE_CHECKING:
    from edge.run.summary import RunSummary
    from edge.settings.sections import Settings
    from edge.sinks import Sink

app = typer.Typer(
    help="Names the emotions of faces and voices, on the device, and logs them there.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

_Force = Annotated[bool, typer.Option("--force", help="Replace what stands at --annotate.")]


class Output(StrEnum):
    NONE = "none"
    CONSOLE = "console"
    JSONL = "jsonl"


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"emotion-edge {__version__}")
        raise typer.Exit


@app.callback()
def root(
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
        typer.Option(
            help="For faces: a shipped one (`edge models list`) or a .tflite's path.",
            autocompletion=models("face"),
        ),
    ] = None,
    speech_model: Annotated[
        str | None,
        typer.Option(
            help="For voices: a shipped one or a .tflite's path.", autocompletion=models("speech")
        ),
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
        typer.Option(
            writable=True,
            help="Store the frames with boxes and labels: .mp4, .webm, or a folder/.",
        ),
    ] = None,
    force: _Force = False,
    frames: Annotated[int | None, typer.Option(min=1, help="Stop after this many.")] = None,
    duration: Annotated[
        float | None, typer.Option(min=0.1, help="Stop after that many seconds.")
    ] = None,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet",
            help="No summary at the end, and no line at the start but in a service's journal.",
        ),
    ] = False,
) -> int:
    """Run on a camera, a microphone, a stream or a file until it ends, a limit, or Ctrl-C."""
    changes = {
        "camera.source": camera,
        "mic.source": mic,
        "model.name": model,
        "model.speech": speech_model,
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
    model: Annotated[
        str, typer.Option(help="A shipped model's name.", autocompletion=models("face"))
    ] = "edge_net",
    annotate: Annotated[
        str | None,
        typer.Option(writable=True, help="Store the sample with boxes and labels here (.mp4)."),
    ] = None,
    force: _Force = False,
) -> int:
    """The main job with no hardware: the bundled sample, a summary, where the log is."""
    from edge.log.paths import demo_log_path

    log = str(demo_log_path())
    changes = {"camera.source": "synthetic", "model.name": model, "log.path": log}
    _check_outputs(_settings(None, changes), annotate, [], force=force)
    return _run(lambda: _settings(None, changes), Output.CONSOLE, annotate)


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
    tells = session.is_supervised(settings) or not quiet

    def begin(now: Settings, opened: RunSummary) -> None:
        collector.resume()
        if tells:
            print_start(now, opened)

    try:
        session.run(
            settings,
            lambda now: _sinks(now, output, annotate),
            reread=read_settings,
            annotate=annotate,
            max_frames=frames,
            max_seconds=duration,
            summary=summary,
            on_start=begin,
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
