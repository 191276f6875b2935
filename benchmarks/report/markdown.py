"""A document as Markdown for a README or an issue; its figures as SVG files beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from benchmarks.report.blocks import (
    Bars,
    Block,
    Document,
    Doubt,
    Figure,
    Lines,
    Note,
    Section,
    Table,
)
from benchmarks.report.charts import svg
from edge.system.outputs import MADE_BY


def markdown(document: Document, *, figures_at: str = "") -> str:
    """GitHub's dialect. `figures_at`: the folder that `figure_files` are in, as seen from the
    Markdown file; without it the figures are left out."""
    names = {id(figure): name for name, figure in _named(document)} if figures_at else {}
    links = {key: f"{figures_at}/{name}" for key, name in names.items()}
    parts = [f"# {_escaped(document.title)}", *map(_escaped, document.summary)]
    for section in document.sections:
        parts += _section(section, links)
    return "\n\n".join([*parts, f"<!-- {MADE_BY} -->"]) + "\n"


def figure_files(document: Document) -> dict[str, str]:
    """SVG text by file name; each follows its viewer's light or dark theme."""
    return {name: svg(figure, alone=True) for name, figure in _named(document)}


def _named(document: Document) -> Iterator[tuple[str, Figure]]:
    for section in document.sections:
        drawn = [block for block in section.blocks if isinstance(block, Bars | Lines)]
        for number, figure in enumerate(drawn, 1):
            yield f"{section.anchor}-{number}.svg", figure


def _section(section: Section, links: Mapping[int, str]) -> Iterator[str]:
    mark = " (projection, not measured)" if section.kind == "projection" else ""
    yield f"## {_escaped(section.title)}{mark}"
    listed: list[str] = []
    for block in section.blocks:
        if isinstance(block, Note | Doubt):
            label = "**Doubt:**" if isinstance(block, Doubt) else "Note:"
            listed.append(f"- {label} {_escaped(block.text)}")
            continue
        if listed:
            yield "\n".join(listed)
            listed = []
        text = _block(block, links)
        if text:
            yield text
    if listed:
        yield "\n".join(listed)


def _block(block: Block, links: Mapping[int, str]) -> str:
    if isinstance(block, Bars | Lines):
        link = links.get(id(block))
        return f"![{_escaped(block.title)}]({link})" if link else ""
    return _table(block) if isinstance(block, Table) else _escaped(block.text)


def _table(table: Table) -> str:
    aligned = ("---" if i == 0 or table.words(i) else "---:" for i in range(len(table.header)))
    lines = [_row(table.header), f"|{'|'.join(aligned)}|", *map(_row, table.rows)]
    title = [f"**{_escaped(table.title)}**", ""] if table.title else []
    return "\n".join([*title, *lines])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_escaped, cells))} |"


def _escaped(text: str) -> str:
    """Without meaning for Markdown; an underscore within a word has none there."""
    return re.sub(r"[\\|*<`]|(?<!\w)_|_(?!\w)", r"\\\g<0>", text)
