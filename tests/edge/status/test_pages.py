"""The owner's page: what a log was, who is there now, and what counts mode may show."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from samples import START, event, make_log

from edge.errors import EdgeError
from edge.health.report import Health
from edge.log.event_sink import SqliteSink
from edge.status.pages import Pages
from edge.status.palette import colour_class, heat_class
from edge.status.present import Person, PresentSink
from edge.status.text import lines
from edge.status.view import SPANS, View, ViewReader, Wanted, read

TODAY = START.astimezone().date()


class Words(HTMLParser):
    """A page's texts; every element that is opened is closed, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "link"):
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())


def pages(log: Path | None, people: list[Person] | None = None) -> Pages:
    return Pages(Health().report, log, None if people is None else lambda: people, lambda: TODAY)


def whole(made: Pages, **query: str) -> str:
    while "This is being counted." in (text := "".join(made.answer("/", query).pieces())):
        continue
    return text


def shown(log: Path | None, people: list[Person] | None = None, **query: str) -> Words:
    text = whole(pages(log, people), **query)
    assert len(text.encode()) < 60_000
    return Words(text)


def every_wanted() -> Iterator[Wanted]:
    return (Wanted(span, TODAY) for span in SPANS)


def test_each_span_holds_every_moment_of_its_time(tmp_path: Path) -> None:
    log = make_log(tmp_path / "log.sqlite", 70)
    with SqliteSink(log) as sink:
        sink.write(replace(event(1), time=START - timedelta(days=800)))
    for wanted in every_wanted():
        view = read(log, wanted)
        assert (view.moments, view.visitors.visits) == (70, 70)
        assert sum(map(sum, view.heat)) == 70
        assert view.heat[TODAY.weekday()][START.astimezone().hour] == 70
        assert wanted.first <= TODAY < wanted.end
        assert len({bar.name for bar in view.bars}) == len(view.bars)
    assert [len(read(log, one).bars) for one in every_wanted()] == [24, 7, 31, 12]
    long_ago = Wanted("year", (START - timedelta(days=800)).date())
    assert read(log, long_ago).moments == 1


def test_bars_stand_on_each_other_up_to_the_highest(tmp_path: Path) -> None:
    view = read(make_log(tmp_path / "log.sqlite", 70), Wanted("day", TODAY))
    pieces = [piece for _, some in view.stacks() for piece in some]
    assert sum(height for _, _, height, _ in pieces) == pytest.approx(100)
    assert min(top for _, top, _, _ in pieces) == pytest.approx(0)


@pytest.mark.parametrize("labels", [[], ["happy"], ["<b>", "fearful", "a&b", "\u00e4"]])
def test_any_labels_make_a_page_that_is_well_formed(tmp_path: Path, labels: list[str]) -> None:
    log = make_log(tmp_path / "log.sqlite", 0)
    for label in labels:
        make_log(log, 3, label=label)
    people = [Person("face", label, 0.8, 3.0) for label in labels]
    for span in SPANS:
        texts = shown(log, people, span=span, at=str(TODAY)).texts
        for label in labels:
            assert label.replace("fearful", "fear") in texts
        assert labels or "Nothing was seen or heard." in texts


def test_whatever_is_asked_for_shows_today(tmp_path: Path) -> None:
    log = make_log(tmp_path / "log.sqlite", 3)
    for query in ({"span": "<b>"}, {"at": "9999-12-31"}, {"at": "x"}, {"at": "0001-01-01"}):
        for span in SPANS:
            Words(whole(pages(log, []), **{"span": span} | query))


def test_now_says_who_is_there_how_sure_and_how_long() -> None:
    now_s = [0.0]
    sink = PresentSink(clock=lambda: now_s[0])
    for second in range(5):
        now_s[0] = float(second)
        sink.write(event(7, "fearful"))
    sink.write(event(8, "happy"))
    assert sink.people() == [Person("face", "fear", 0.7, 4.0), Person("face", "happy", 0.7, 0.0)]
    sink.write(replace(event(7, "sad", modality="speech"), track_id=0))
    sink.write(event(7, "angry", modality="fusion"))
    assert [one.kind for one in sink.people()] == ["fusion", "face"]
    assert sink.people()[0].since_s == 4.0, "of the face that it stands for"
    text = pages(None, sink.people()).answer("/now", {}).text
    assert "angry" in text
    assert "70% sure, seen and heard for 4 s" in text
    now_s[0] = 20.0
    assert sink.people() == []
    assert "Nobody is there." in pages(None, []).answer("/now", {}).text


def test_counts_mode_shows_counts_and_no_person(tmp_path: Path) -> None:
    log = make_log(tmp_path / "log.sqlite", 3)
    health = Health()
    health.event(event(1, "disgust"))
    text = Pages(health.report, log, None, lambda: TODAY).answer("/now", {}).text
    assert "nobody is shown" in text
    assert "disgust" not in text
    # The log holds three visitors of a run that kept events.
    assert "Visitors" in shown(log, []).texts
    text = whole(Pages(health.report, log, None, lambda: TODAY))
    assert "<dt>Visitors</dt>" not in text
    assert "<dt>Moments</dt><dd>3</dd>" in text


def test_settings_that_were_refused_are_said_until_they_are_right() -> None:
    health = Health()
    health.reloaded("camera.width is 3:\ngive 32 or more")
    told = "camera.width is 3: give 32 or more"
    assert told in whole(Pages(health.report, None))
    assert f"settings     stay as they were: {told}" in lines(health.report().as_dict())
    assert told in health.report().sentence()
    health.reloaded()
    assert "stay as they were" not in whole(Pages(health.report, None))
    assert "stay as they were" not in "\n".join(lines(health.report().as_dict()))


def test_no_log_and_a_log_that_is_gone_are_said(tmp_path: Path) -> None:
    assert "No log is kept." in shown(None, []).texts
    assert any("there is no log" in text for text in shown(tmp_path / "gone.sqlite", []).texts)


def test_the_export_is_what_the_chart_shows(tmp_path: Path) -> None:
    log = make_log(tmp_path / "log.sqlite", 70)
    make_log(log, 1, label="=1+1")
    answer = pages(log).answer("/export.csv", {"span": "week"})
    assert answer.kind == "text/csv"
    assert (
        f"emotions-week-{Wanted('week', TODAY).first}.csv" in answer.headers["Content-Disposition"]
    )
    rows = list(csv.DictReader(answer.text.splitlines()))
    assert sum(int(row["moments"]) for row in rows) == 71
    assert "'=1+1" in {row["label"] for row in rows}


def test_a_view_is_read_once_a_minute_and_nobody_waits_for_the_next(tmp_path: Path) -> None:
    now_s = [0.0]
    log = make_log(tmp_path / "log.sqlite", 5)
    reader = ViewReader(log, clock=lambda: now_s[0])
    wanted = Wanted("day", TODAY)

    def ask() -> View:
        view = reader(wanted, 30.0)
        assert view is not None
        return view

    first = ask()
    make_log(log, 5)
    assert ask() is first
    now_s[0] = 61.0
    assert ask() is first, "the old one, while it is read anew"
    while ask() is first:
        pass
    assert ask().moments == 10
    log.unlink()
    now_s[0] = 130.0
    with pytest.raises(EdgeError):
        [ask() for _ in range(10**6)]


def test_one_colour_for_each_meaning() -> None:
    assert colour_class("fear") == colour_class("fearful")
    assert colour_class("mine").startswith("c-other")
    assert [heat_class(count, 80) for count in (0, 1, 40, 80)] == ["h0", "h1", "h4", "h8"]
    assert heat_class(0, 0) == "h0"


def test_files_of_the_page_are_small_and_there() -> None:
    made = pages(None)
    for path in ("/page.css", "/page.js"):
        answer = made.answer(path, {})
        assert 500 < len(answer.text) < 12_000
        assert answer.kind.startswith("text/")
    assert made.answer("/../pages.py", {}).status == 404


def test_a_span_knows_its_ends() -> None:
    assert Wanted("month", date(2026, 12, 31)).end == date(2027, 1, 1)
    assert Wanted("week", date(2026, 1, 1)).first == date(2025, 12, 29)
    assert Wanted("year", date(2028, 2, 29)).end == date(2029, 1, 1)
    noon = datetime(2026, 3, 29, 12)
    assert Wanted("day", noon.date()).filter().until is not None
