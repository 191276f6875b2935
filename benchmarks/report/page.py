"""A document as one HTML file that needs nothing else: no network, no script, no other file."""

from __future__ import annotations

from html import escape
from pathlib import Path

from benchmarks.report.blocks import Bars, Block, Document, Doubt, Lines, Note, Section, Table
from benchmarks.report.charts import css, svg

_LONG = 36
_LONG_HEADER = 16


def page(document: Document) -> str:
    """The whole file, UTF-8."""
    style = css() + Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    summary = "".join(f'<p class="summary">{escape(line)}</p>' for line in document.summary)
    links = "".join(
        f'<a href="#{section.anchor}">{escape(section.title)}</a>' for section in document.sections
    )
    parts = [
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        # An empty icon, or a browser asks the server that is not there for one.
        '<link rel="icon" href="data:,">',
        f"<title>{escape(document.title)}</title>\n<style>\n{style}</style>\n</head>\n<body>",
        f"<header><h1>{escape(document.title)}</h1>{summary}<nav>{links}</nav></header>",
        *map(_section, document.sections),
        "</body>\n</html>\n",
    ]
    return "\n".join(parts)


def _section(section: Section) -> str:
    badge = '<span class="badge">projection</span>' if section.kind == "projection" else ""
    body = "\n".join(map(_block, section.blocks))
    return (
        f'<section id="{section.anchor}" class="{section.kind}">\n'
        f"<h2>{escape(section.title)}{badge}</h2>\n{body}\n</section>"
    )


def _block(block: Block) -> str:
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Bars | Lines):
        return f"<figure>{svg(block)}</figure>"
    kind = ' class="doubt"' if isinstance(block, Doubt) else ""
    kind = ' class="note"' if isinstance(block, Note) else kind
    return f"<p{kind}>{escape(block.text)}</p>"


def _table(table: Table) -> str:
    caption = f"<caption>{escape(table.title)}</caption>" if table.title else ""
    columns = [_column_class(table, i) for i in range(len(table.header))]
    head = "".join(
        f"<th{_named(kind, 'long' if i and len(name) > _LONG_HEADER else '')}>{escape(name)}</th>"
        for i, (name, kind) in enumerate(zip(table.header, columns, strict=True))
    )
    rows = []
    for number, row in enumerate(table.rows):
        shades = table.shades[number] if table.shades else (0.0,) * len(row)
        cells = zip(row, columns, shades, strict=True)
        rows.append("<tr>" + "".join(_cell(*cell) for cell in cells) + "</tr>")
    return (
        f'<div class="wide"><table{_named("shaded" if table.shades else "")}>{caption}'
        f"<thead><tr>{head}</tr></thead>\n<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _cell(text: str, kind: str, shade: float) -> str:
    long = "long" if len(text) > _LONG and " " not in text else ""
    percent = round(60 * shade)
    ground = f"color-mix(in srgb, var(--hue-0) {percent}%, var(--paper))"
    style = f' style="background: {ground}"' if percent else ""
    return f"<td{_named(kind, long)}{style}>{escape(text)}</td>"


def _column_class(table: Table, column: int) -> str:
    """Whose figures it holds, and whether they are words."""
    origin = table.origins[column] if table.origins else ""
    return " ".join(filter(None, [origin, "word" if table.words(column) else ""]))


def _named(*classes: str) -> str:
    names = " ".join(filter(None, classes))
    return f' class="{names}"' if names else ""
