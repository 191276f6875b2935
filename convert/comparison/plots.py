"""The page's pictures: what accuracy costs, and how fast the networks learn."""

from __future__ import annotations

import os
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path
from typing import Any

from convert import plots
from convert.comparison.cells import Page
from convert.comparison.studies import PAIR

LEAST_SHOWN = 0.4
"""Below this accuracy all networks learn alike."""


def draw(page: Page, folder: Path) -> dict[str, str]:
    """PNGs in `folder`; name → file's name, of those that there is something to draw for.

    Raises MissingPackageError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {"cost": _cost(page), "learning": _learning(page)}
    found: dict[str, str] = {}
    for name, figure in drawn.items():
        if figure is not None:
            plots.save(figure, folder / f"models_{name}.png")
            found[name] = f"models_{name}.png"
    for name, entry, measured in _of_pair(page):
        path = folder / f"models_confusion_{name}.png"
        accuracy = measured.scores.accuracy
        title = f"{name}, int8, PrivateTest: {accuracy:.3f}"
        plots.confusion(measured.scores.confusion, entry.labels, title, path)
        found[name] = path.name
    return found


def relative(found: dict[str, str], folder: Path, page: Path) -> dict[str, str]:
    """The files' paths as the page names them."""
    way = Path(os.path.relpath(folder, page.parent))
    return {name: (way / file).as_posix() for name, file in found.items()}


def _of_pair(page: Page) -> Iterator[tuple[str, Any, Any]]:
    for entry in page.named(PAIR):
        measured = page.kept.of(entry)
        if measured is not None and measured.scores is not None:
            yield entry.name, entry, measured


def _cost(page: Page) -> Any:
    """Accuracy (int8, clean) against ms and against parameters, both on logarithmic axes."""
    points = []
    for entry in page.faces:
        measured, accuracy = page.kept.of(entry), page.of(entry).figure("int8 accuracy")
        if entry.card and accuracy is not None and measured and measured.latency:
            size = entry.card.parameters / 1e6
            points.append((entry.name, measured.latency.p5_ms, size, accuracy))
    if not points:
        return None
    figure, (by_time, by_size) = plots.canvas(columns=2, size_inch=(10.0, 4.2))
    for axis, at, what in (
        (by_time, 0, "ms a face, one thread"),
        (by_size, 1, "million parameters"),
    ):
        # Left and right in turn, so that names of near ones do not cover each other.
        for number, (name, *costs, accuracy) in enumerate(sorted(points, key=itemgetter(3))):
            side, shift = ("right", -6) if number % 2 else ("left", 6)
            where = (costs[at], accuracy)
            axis.plot(*where, "o", color="tab:blue")
            axis.annotate(name, where, (shift, -3), ha=side, textcoords="offset points", fontsize=8)
        plots.logarithmic_x(axis)
        axis.margins(x=0.3, y=0.1)
        axis.set_xlabel(what)
        axis.set_ylabel("accuracy, int8, PrivateTest")
        axis.grid(alpha=0.3, which="both")
    return figure


def _learning(page: Page) -> Any:
    taught = [entry for entry in page.faces if entry.history]
    if not taught:
        return None
    figure, (axis,) = plots.canvas(columns=1, size_inch=(8.0, 4.6))
    for entry in taught:
        values = [record.get("val_accuracy") for record in entry.history]
        axis.plot(range(1, len(values) + 1), values, label=entry.name, linewidth=1.2)
    axis.set_ylim(bottom=LEAST_SHOWN)
    axis.set_xlabel("epoch")
    axis.set_ylabel("accuracy, PublicTest")
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8, ncols=2, loc="lower right")
    return figure
