"""`edge-convert table`: measures what is at hand, and writes the page of all networks."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge.cli.outputs import Force
from edge.errors import UsageError
from edge.system.outputs import written_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convert.comparison.entries import Entry
    from convert.comparison.measure import Kept


def table(
    out: Annotated[
        Path, typer.Option(writable=True, help="The page to write, such as docs/models.md.")
    ],
    models: Annotated[
        list[Path] | None,
        typer.Option(
            help="A folder of cards, .tflite files and histories; again for more.",
            show_default="models",
        ),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="FER2013, to measure confusions and over-fitting by.")
    ] = None,
    other: Annotated[
        str | None, typer.Option(help="NAME=FOLDER: another data set, as for judge.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Show faces to this network alone; again for more.")
    ] = None,
    measure: Annotated[
        bool, typer.Option(help="Off: only write the page anew, from what was measured before.")
    ] = True,
    force: Force = False,
) -> None:
    """Every network of the zoo beside what its source says, as a page with pictures.

    What is measured is kept beside the page, as JSON: a network whose file is not at hand keeps
    what was measured of it.
    """
    from convert.comparison import claims, markdown
    from convert.comparison import plots as pictures
    from convert.comparison.cells import Page
    from convert.comparison.entries import entries
    from convert.comparison.measure import Kept

    found = entries(models or [Path("models")])
    store = out.with_suffix(".json")
    kept = Kept.read(store)
    if measure:
        kept = _measured(found, data, other, kept, only)
        kept.write(store)
    said = claims.load()
    page = Page(found, kept, said, claims.check(said.claim, found, kept), {})
    folder = out.parent / "images"
    drawn = pictures.relative(pictures.draw(page, folder), folder, out)
    with written_whole(out) as beside:
        beside.write_text(markdown.text(replace(page, pictures=drawn)), encoding="utf-8")
    print(out)


def _measured(
    found: Sequence[Entry],
    data: Path | None,
    other: str | None,
    kept: Kept,
    only: Sequence[str] | None,
) -> Kept:
    from convert.comparison.measure import Faces, measure
    from convert.datasets import fer2013

    faces = None
    if data is not None:
        faces = Faces(fer2013.load(data), _other(other))
    elif other is not None:
        raise UsageError("--other needs --data too: give FER2013")
    return measure(found, faces, kept, lambda text: print(text, file=sys.stderr), only)


def _other(text: str | None) -> tuple[str, Path] | None:
    if text is None:
        return None
    name, joined, folder = text.partition("=")
    if not (name and joined and folder):
        raise UsageError(f"{text!r} names no data set: give --other NAME=FOLDER")
    return name, Path(folder)


def add_to(app: typer.Typer) -> None:
    app.command()(table)
