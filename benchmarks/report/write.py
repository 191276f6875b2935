"""Reports as files: HTML, Markdown, and the figures that the Markdown shows."""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks.report.blocks import Document
from benchmarks.report.document import build
from benchmarks.report.markdown import figure_files, markdown
from benchmarks.report.page import page
from benchmarks.results.results import Report
from edge.errors import EdgeError
from edge.system.outputs import why_not, written_whole


def write(
    report: Report,
    *,
    html_path: Path | None = None,
    markdown_path: Path | None = None,
    figures_folder: Path | None = None,
) -> None:
    """Write what has a path; a folder for the figures is made. Raises EdgeError."""
    if html_path is None and markdown_path is None and figures_folder is None:
        return
    document = build(report)
    if figures_folder is not None:
        for name, text in figure_files(document).items():
            _write(figures_folder / name, text, make_folder=True)
    if markdown_path is not None:
        at = os.path.relpath(figures_folder, markdown_path.parent) if figures_folder else ""
        _write(markdown_path, markdown(document, figures_at=at.replace(os.sep, "/")))
    if html_path is not None:
        _write(html_path, page(document))


def write_page(document: Document, path: Path) -> None:
    """One HTML file. Raises EdgeError."""
    _write(path, page(document))


def _write(path: Path, text: str, *, make_folder: bool = False) -> None:
    try:
        if make_folder:
            path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as beside:
            beside.write_text(text, encoding="utf-8")
    except OSError as error:
        raise EdgeError(
            f"cannot write the report to {path} ({why_not(error)}): give another path"
        ) from error
