"""Bars and lines as SVG, drawn by hand: no library, and the page's own colours, light or dark.

Colours come from chart.css by class: h0 to h6, and `paper` for another's figures.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from benchmarks.report.blocks import Bars, Figure, Lines, Series
from benchmarks.report.tables import number
from edge.system.outputs import MADE_BY

_WIDTH = 720
_BAR, _GAP, _LEGEND_LINE = 15, 10, 18
_PLOT_HEIGHT = 250
_MARGIN = 12
# Of the widest font that the page may fall back to, with some room.
_PX_A_LETTER = 7.3
_MOST_LABEL = 300.0


def svg(figure: Figure, *, alone: bool = False) -> str:
    """The figure as an `<svg>` element; `alone`: with its colours, for a file of its own."""
    top, head = _head(figure)
    height, body = _bars(figure, top) if isinstance(figure, Bars) else _lines(figure, top)
    margin = _MARGIN if alone else 0
    width, height = _WIDTH + 2 * margin, round(height) + 2 * margin
    opened = (
        f'<svg class="chart" xmlns="http://www.w3.org/2000/svg" role="img" '
        f'viewBox="{-margin} {-margin} {width} {height}" width="{width}" height="{height}">'
    )
    about = f"<title>{escape(figure.title)}</title>"
    if alone:
        about += f"<metadata>{MADE_BY}</metadata>"
    style = f"<style>{css()}</style>" if alone else ""
    ground = (
        f'<rect x="{-margin}" y="{-margin}" width="{width}" height="{height}" '
        'style="fill: var(--paper)"/>'
    )
    return "\n".join([opened, about, style + ground if alone else "", *head, *body, "</svg>"])


def css() -> str:
    """The colours of both themes and what uses them."""
    return Path(__file__).with_name("templates").joinpath("chart.css").read_text(encoding="utf-8")


def ticks(top: float, count: int = 5) -> list[float]:
    """Round values from 0 to the first that is not below `top`, about `count` of them."""
    if top < 1e-12:
        return [0.0, 1.0]
    rough = top / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * f for f in (1, 2, 2.5, 5, 10) if power * f >= rough * 0.999)
    return [step * i for i in range(math.ceil(top / step - 1e-9) + 1)]


def _head(figure: Figure) -> tuple[float, list[str]]:
    """(where the plot begins, the title and the legend)."""
    lines = [_text(0, 16, figure.title, "title")]
    if len(figure.series) < 2:
        return 30, lines
    x, y = 0.0, 36.0
    for series in figure.series:
        width = 24 + _width(series.name)
        if x + width > _WIDTH:
            x, y = 0.0, y + _LEGEND_LINE
        lines += [
            f'<rect class="{_class(series)}" x="{x + 1:.1f}" y="{y - 9:.1f}" width="11" '
            'height="10" rx="2"/>',
            _text(x + 17, y, series.name),
        ]
        x += width + 10
    return y + 12, lines


def _bars(figure: Bars, top: float) -> tuple[float, list[str]]:
    left = min(_MOST_LABEL, 12 + max(map(_width, figure.groups)))
    ends = [e for s in figure.series for e in (*s.high, *(v for v in s.values if v is not None))]
    if figure.stacked:
        ends = [sum(s.values[i] or 0 for s in figure.series) for i in range(len(figure.groups))]
    marks = ticks(max(ends, default=1.0))
    room = 120 if any(s.high for s in figure.series) else 78
    scale = (_WIDTH - left - room) / marks[-1]
    each = _BAR * (1 if figure.stacked else len(figure.series)) + _GAP
    bottom = top + each * len(figure.groups)
    body = [
        f'<line class="grid" x1="{left + m * scale:.1f}" x2="{left + m * scale:.1f}" '
        f'y1="{top:.1f}" y2="{bottom:.1f}"/>'
        + _text(left + m * scale, bottom + 14, f"{m:g}", "soft", "middle")
        for m in marks
    ]
    body.append(_text(left + marks[-1] * scale + 22, bottom + 14, figure.unit, "soft"))
    for i, group in enumerate(figure.groups):
        y = top + each * i + _GAP / 2
        body.append(_text(left - 8, y + (each - _GAP) / 2 + 4, _fitted(group), "", "end"))
        drawn = _stacked if figure.stacked else _side_by_side
        body += drawn(figure.series, i, left, y, scale, figure.unit)
    return bottom + 22, body


def _side_by_side(
    series: Sequence[Series], i: int, left: float, y: float, scale: float, unit: str
) -> Iterator[str]:
    for place, one in enumerate(series):
        value, row = one.values[i], y + place * _BAR
        if value is None:
            yield _text(left + 4, row + 11, "–", "soft")
            continue
        end, said = left + value * scale, number(value)
        yield _rect(one, left, row + 1, value * scale, f"{one.name}: {said} {unit}")
        if one.high:
            said = f"{said} to {number(one.high[i])}"
            end = max(end, left + one.high[i] * scale)
            start = left + value * scale
            yield f'<path class="whisker" d="M{start:.1f} {row + 7.5}H{end:.1f}m0 -3v6"/>'
        yield _text(end + 5, row + 12, said, "soft")


def _stacked(
    series: Sequence[Series], i: int, left: float, y: float, scale: float, unit: str
) -> Iterator[str]:
    x = left
    for one in series:
        value = one.values[i] or 0
        yield _rect(one, x, y + 1, value * scale, f"{one.name}: {number(value)} {unit}")
        x += value * scale
    whole = sum(one.values[i] or 0 for one in series)
    yield _text(x + 5, y + 12, number(whole), "soft")


def _lines(figure: Lines, top: float) -> tuple[float, list[str]]:
    known = [v for s in figure.series for v in s.values if v is not None]
    marks = ticks(figure.top if figure.top is not None else max(known, default=1.0))
    left, right, bottom = 52.0, _WIDTH - 24.0, top + _PLOT_HEIGHT
    first, last = figure.x[0], figure.x[-1]

    def at(x: float, y: float) -> tuple[float, float]:
        across = (x - first) / ((last - first) or 1.0)
        return left + across * (right - left), bottom - y / marks[-1] * _PLOT_HEIGHT

    body = []
    for mark in marks:
        y = at(first, mark)[1]
        body.append(f'<line class="grid" x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
        body.append(_text(left - 8, y + 4, f"{mark:g}", "soft", "end"))
    free = -math.inf
    for x in figure.x:
        place, name = at(x, 0)[0], f"{x:g}"
        if place - _width(name) / 2 > free:
            body.append(_text(place, bottom + 16, name, "soft", "middle"))
            free = place + _width(name) / 2 + 6
    body.append(_text((left + right) / 2, bottom + 34, figure.x_label, "soft", "middle"))
    middle = (top + bottom) / 2
    turned = f' transform="rotate(-90 12 {middle:.1f})"'
    body.append(_text(12, middle, figure.y_label, "soft", "middle", turned))
    for series in figure.series:
        points = [
            (*at(x, v), x, v) for x, v in zip(figure.x, series.values, strict=True) if v is not None
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _, _ in points)
        body.append(f'<polyline class="{_class(series)}" points="{path}"/>')
        body += [
            f'<circle class="{_class(series)}" cx="{x:.1f}" cy="{y:.1f}" r="3.2"><title>'
            f"{escape(series.name)} at {at_x:g}: {number(v)}</title></circle>"
            for x, y, at_x, v in points
        ]
    return bottom + 42, body


def _rect(series: Series, x: float, y: float, width: float, about: str) -> str:
    return (
        f'<rect class="{_class(series)}" x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.5):.1f}" '
        f'height="{_BAR - 2}"><title>{escape(about)}</title></rect>'
    )


def _text(
    x: float, y: float, text: str, css_class: str = "", anchor: str = "start", more: str = ""
) -> str:
    named = f' class="{css_class}"' if css_class else ""
    placed = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{x:.1f}" y="{y:.1f}"{named}{placed}{more}>{escape(text)}</text>'


def _class(series: Series) -> str:
    return f"h{series.hue} paper" if series.origin == "paper" else f"h{series.hue}"


def _width(text: str) -> float:
    return _PX_A_LETTER * len(text)


def _fitted(label: str) -> str:
    """As much of a bar's label as has room beside it; the table below has all of it."""
    most = int((_MOST_LABEL - 12) / _PX_A_LETTER)
    return label if len(label) <= most else f"{label[: most - 1]}…"
