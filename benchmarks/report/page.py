"""A document as one HTML file that needs nothing else: no network, no script, no other file."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from benchmarks.report.blocks import Bars, Document, Doubt, Lines, Note, Table
from benchmarks.report.charts import svg
from edge.system.outputs import MADE_BY


def page(document: Document) -> str:
    """The whole file, UTF-8."""
    environment = Environment(
        loader=PackageLoader("benchmarks.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.tests |= {
        "table": lambda block: isinstance(block, Table),
        "figure": lambda block: isinstance(block, Bars | Lines),
        "note": lambda block: isinstance(block, Note),
        "doubt": lambda block: isinstance(block, Doubt),
    }
    template = environment.get_template("page.html")
    return template.render(document=document, svg=svg, made_by=MADE_BY)
