"""The `edge-bench` command."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.measuring.placement import usable_cores
from benchmarks.plan import Plan
from benchmarks.report import document
from benchmarks.report import text as render
from benchmarks.report import write as written
from benchmarks.report.need import EXAMPLE, Need, answer, parse
from benchmarks.results.results import (
    COMPARISON_SCHEMA,
    Report,
    json_schema,
    load,
    merged,
    save,
    write_json,
)
from benchmarks.results.started import started
from benchmarks.runner import run_suite
from benchmarks.suites import SUITES
from edge.cli.app import FAILED, INTERRUPTED, run_app
from edge.cli.outputs import Force
from edge.errors import MissingDataError, UsageError

if TYPE_CHECKING:
    from edge.models import Model

app = typer.Typer(
    help="Measures the toolkit on the device that it runs on, and doubts its own figures.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def main() -> int:
    return run_app(app, "edge-bench")


Html = Annotated[
    Path | None,
    typer.Option(writable=True, help="Write one HTML file with plots, that needs no network."),
]
Markdown = Annotated[
    Path | None, typer.Option(writable=True, help="Write tables for a README, as Markdown.")
]
Needed = Annotated[
    str | None,
    typer.Option("--need", help=f"Answer yes, no or not known (exit 0, 1, 3): {EXAMPLE!r}."),
]


@app.command()
def run(
    suites: Annotated[
        list[str] | None,
        typer.Argument(help=f"Of {', '.join(SUITES)}; all of them by default.", show_default=False),
    ] = None,
    models: Annotated[
        str | None,
        typer.Option(help="Names or .tflite paths, by comma. Default: all shipped ones."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="FER2013 (.csv, .npz or folders), for accuracy.")
    ] = None,
    clip: Annotated[
        Path | None, typer.Option(help="A video with faces. Default: the synthetic one.")
    ] = None,
    sound: Annotated[
        Path | None, typer.Option(help="A file with a voice. Default: a synthetic one.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, max=64, help="Measure 1 to this many. Default: up to 4.")
    ] = None,
    rounds: Annotated[
        int | None,
        typer.Option(min=1, help="How often each case is timed (a process: 30 at most)."),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="About a tenth of the work.")] = False,
    install: Annotated[
        bool, typer.Option("--install", help="Size: install into a fresh environment.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of orders, noise and samples.")] = 0,
    json_path: Annotated[
        Path | None,
        typer.Option("--json", writable=True, help="Write the results here, after each suite."),
    ] = None,
    html: Html = None,
    markdown: Markdown = None,
    need: Needed = None,
    force: Force = False,
) -> int:
    """Run suites, print their tables, and keep what is finished on Ctrl-C."""
    names = _suite_names(suites or [])
    needed = None if need is None else parse(need)
    plan = Plan(
        models=_models(models),
        data=_existing(data, "data set"),
        clip=_existing(clip, "clip"),
        sound=_existing(sound, "sound"),
        threads=threads or min(usable_cores(), 4),
        rounds=rounds or 0,
        quick=quick,
        install=install,
        seed=seed,
    )
    for path in (json_path, html, markdown):
        _check_writable(path)
    report, code = started(shlex.join(["edge-bench", *sys.argv[1:]]), plan.models), 0
    for name in names:
        with _progress(name) as progress:
            result = run_suite(name, replace(plan, progress=progress))
        report = replace(report, suites=(*report.suites, result))
        if json_path is not None:
            save(report, json_path)
        written.write(report, html_path=html, markdown_path=markdown)
        if len(report.suites) == 1:
            typer.echo(render.head(report))
        typer.echo(f"\n{render.suite(result)}")
        if result.exit_code == INTERRUPTED:
            return INTERRUPTED
        # Where nobody named a suite, one that lacks a part is no failure.
        if result.status == "failed" or suites:
            code = code or result.exit_code
    for section in document.sections(report):
        typer.echo(f"\n{render.section(section)}")
    return code if needed is None else _answered(needed, report)


def _check_writable(path: Path | None) -> None:
    """Raises UsageError before minutes are spent on what cannot be kept."""
    if path is None:
        return
    folder = path.parent
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise UsageError(f"{path} cannot be written: give a file in a folder that can be")


def _answered(need: Need, report: Report) -> int:
    found = answer(need, report)
    typer.echo(f"\n{found.sentence}")
    return found.exit_code


def _suite_names(asked: list[str]) -> list[str]:
    for name in asked:
        if name not in SUITES:
            raise UsageError(f"there is no suite {name!r}: choose one of {', '.join(SUITES)}")
    return list(dict.fromkeys(asked)) or list(SUITES)


def _models(asked: str | None) -> tuple[Model, ...]:
    from edge.models import find, shipped
    from edge.models.own import open_model

    if asked is None:
        return tuple(find(card.name) for card in shipped())
    names = [name.strip() for name in asked.split(",") if name.strip()]
    if not names:
        raise UsageError(f"--models {asked!r} names no model: give names or paths, by comma")
    return tuple(open_model(name, personally=False) for name in dict.fromkeys(names))


def _existing(path: Path | None, what: str) -> Path | None:
    if path is not None and not path.exists():
        raise MissingDataError(f"there is no {what} {path}: give another path")
    return path


@contextmanager
def _progress(suite: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, drawn between the timed parts alone; silent without a terminal."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    # No refreshing thread: it would run beside what is being timed.
    with Progress(console=Console(stderr=True), auto_refresh=False, transient=True) as bar:
        task = bar.add_task(suite, total=None)
        shown = -1

        def show(done: int, total: int) -> None:
            nonlocal shown
            percent = 100 * done // max(total, 1)
            if percent != shown:
                shown = percent
                bar.update(task, completed=done, total=total, refresh=True)

        yield show


@app.command("report")
def show(
    results: Annotated[
        list[Path],
        typer.Argument(help="What run --json wrote; of several, the later one's suites count."),
    ],
    html: Html = None,
    markdown: Markdown = None,
    figures: Annotated[
        Path | None,
        typer.Option(writable=True, help="A folder for the plots as SVG; the Markdown shows them."),
    ] = None,
    need: Needed = None,
    force: Force = False,
) -> int:
    """Make a report of results, on standard output where no file is asked for."""
    needed = None if need is None else parse(need)
    found = merged([load(path) for path in results])
    written.write(found, html_path=html, markdown_path=markdown, figures_folder=figures)
    if html is None and markdown is None and figures is None and need is None:
        typer.echo(render.document(document.build(found)))
    return 0 if needed is None else _answered(needed, found)


@app.command()
def compare(
    old: Annotated[Path, typer.Argument(help="Results of run --json.")],
    new: Annotated[list[Path], typer.Argument(help="Results to hold against them; several too.")],
    fail_over: Annotated[
        str | None, typer.Option(help="Exit 1 where a figure is worse by more than this: 10%.")
    ] = None,
    json_path: Annotated[
        Path | None, typer.Option("--json", writable=True, help="Write the ratios here.")
    ] = None,
    html: Html = None,
    force: Force = False,
) -> int:
    """What changed from one run to another: ratios, with their confidence intervals."""
    from benchmarks.report import side_by_side
    from benchmarks.results import compare as comparison

    limit = None if fail_over is None else comparison.parse_share(fail_over)
    reports = [load(path) for path in (old, *new)]
    found = [comparison.compare(reports[0], report) for report in reports[1:]]
    if json_path is not None:
        ratios = [one.as_dict() for one in found]
        whole = ratios[0] if len(ratios) == 1 else {"comparisons": ratios}
        write_json({"schema": COMPARISON_SCHEMA, **whole}, json_path)
    if html is not None:
        written.write_page(side_by_side.build(reports, found), html)
    for path, one in zip(new, found, strict=True):
        if len(found) > 1:
            typer.echo(f"\n{path} held against {old}")
        typer.echo(render.comparison(one, limit))
    return FAILED if limit is not None and any(one.worse(limit) for one in found) else 0


@app.command()
def share(
    results: Annotated[Path, typer.Argument(help="What run --json wrote.")],
    out: Annotated[Path, typer.Option(writable=True, help="The file to write.")],
    force: Force = False,
) -> None:
    """Make a small results file to hand on, without the command, paths and every single value."""
    from benchmarks.results.share import shared

    save(shared(load(results)), out)
    typer.echo(f"{out}: {out.stat().st_size:,} bytes")


@app.command()
def forecast(
    html: Html = None,
    force: Force = False,
) -> None:
    """What four Raspberry Pi boards would take, and how far such forecasts were off."""
    from benchmarks.report import board_forecast

    found = board_forecast.document()
    if html is None:
        typer.echo(render.document(found))
    else:
        written.write_page(found, html)


@app.command()
def schema() -> None:
    """Print the JSON Schema of what `run --json` writes."""
    import json

    typer.echo(json.dumps(json_schema(), indent=1))
