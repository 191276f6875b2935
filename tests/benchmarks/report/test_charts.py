"""Charts are well-formed SVG in which every value is where its scale says."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.report.blocks import Bars, Figure, Lines, Series
from benchmarks.report.charts import svg, ticks

SVG = "{http://www.w3.org/2000/svg}"
names = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=60)
values = st.one_of(st.none(), st.floats(0, 1e9))


def parsed(figure: Figure) -> Element:
    return ElementTree.fromstring(svg(figure))


def bars(root: Element) -> list[Element]:
    """Those of the values: a legend's have no title."""
    return [rect for rect in root.iter(f"{SVG}rect") if rect.find(f"{SVG}title") is not None]


def test_bars_are_as_long_as_their_values() -> None:
    root = parsed(Bars("t", "ms", ("a", "b"), (Series("x", (10.0, 5.0)), Series("y", (2.5, 0.0)))))
    widths = [float(rect.attrib["width"]) for rect in bars(root)]
    assert widths[0] == pytest.approx(2 * widths[2], abs=0.2)
    assert widths[0] == pytest.approx(4 * widths[1], abs=0.2)
    labels = [text.text for text in root.iter(f"{SVG}text")]
    assert {"10", "5", "2.500", "a", "b", "x", "y", "ms"} <= set(labels)


def test_stacked_bars_follow_one_another() -> None:
    series = (Series("x", (3.0,)), Series("y", (1.0,)))
    first, second = bars(parsed(Bars("t", "ms", ("a",), series, stacked=True)))
    end = float(first.attrib["x"]) + float(first.attrib["width"])
    assert float(second.attrib["x"]) == pytest.approx(end, abs=0.2)
    assert first.attrib["y"] == second.attrib["y"]


def test_a_missing_value_is_a_dash_and_no_bar() -> None:
    root = parsed(Bars("t", "", ("a",), (Series("x", (None,)), Series("y", (1.0,)))))
    assert len(bars(root)) == 1
    assert "–" in [text.text for text in root.iter(f"{SVG}text")]


def test_the_papers_figures_are_drawn_apart() -> None:
    series = (Series("p", (1.0, 2.0), 1, "paper"), Series("o", (1.0, 2.0), 1, "ours"))
    root = parsed(Lines("t", "x", "y", (0.0, 1.0), series))
    classes = [line.attrib["class"] for line in root.iter(f"{SVG}polyline")]
    assert classes == ["h1 paper", "h1"]


def test_a_line_rises_with_its_values() -> None:
    root = parsed(Lines("t", "x", "y", (0.0, 1.0, 4.0), (Series("s", (0.0, None, 8.0)),), top=8))
    (line,) = root.iter(f"{SVG}polyline")
    points = [tuple(map(float, point.split(","))) for point in line.attrib["points"].split()]
    assert len(points) == 2
    assert points[1][0] > points[0][0]
    assert points[1][1] == pytest.approx(points[0][1] - 250, abs=0.2)


def test_alone_it_brings_its_colours() -> None:
    figure = Bars("t", "", ("a",), (Series("x", (1.0,)),))
    assert "--hue-0" in svg(figure, alone=True)
    assert "--hue-0" not in svg(figure)


@given(st.floats(1e-6, 1e12))
def test_ticks_reach_the_top_in_even_steps(top: float) -> None:
    marks = ticks(top)
    assert marks[0] == 0
    assert marks[-1] >= top * (1 - 1e-6)
    assert marks[-2] < top
    assert len(marks) <= 8


@given(
    st.lists(names, min_size=1, max_size=4, unique=True), names, st.data(), st.booleans()
)  # fmt: skip
def test_any_names_and_values_are_well_formed_and_stay_inside(
    groups: list[str], name: str, data: st.DataObject, stacked: bool
) -> None:
    def drawn() -> tuple[float | None, ...]:
        return tuple(data.draw(values) for _ in groups)

    series = (Series(name, drawn(), 0), Series("other & <b>", drawn(), 1, "paper"))
    root = parsed(Bars(name, "ms", tuple(groups), series, stacked=stacked))
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for rect in root.iter(f"{SVG}rect"):
        assert 0 <= float(rect.attrib["x"]) <= width
        assert float(rect.attrib["x"]) + float(rect.attrib["width"]) <= width
        assert float(rect.attrib["y"]) + float(rect.attrib["height"]) <= height
