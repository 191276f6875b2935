"""One results file as text, Markdown and HTML: complete, doubts first, nothing from elsewhere."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import made_report
import pytest

from benchmarks import cli
from benchmarks.report import text as render
from benchmarks.report.document import build, sections
from benchmarks.report.markdown import figure_files, markdown
from benchmarks.report.page import page
from benchmarks.results.results import Report, save
from edge.cli.app import run_app

TITLES = [
    "Verdict", "What was measured, and on what", "Doubts", "At a glance", "latency", "pipeline",
    "search", "voice", "memory", "startup", "size", "accuracy", "noise",
    "preprocessing", "The paper's tables, with ours", "The board on paper",
]  # fmt: skip


@pytest.fixture(scope="module")
def report() -> Report:
    return made_report.made()


@pytest.fixture
def results(report: Report, tmp_path: Path) -> Path:
    path = tmp_path / "r.json"
    save(report, path)
    return path


def bench(*arguments: object) -> int:
    return run_app(cli.app, "edge-bench", list(map(str, arguments)))


class Tags(HTMLParser):
    """Which tags are open, and that each is closed in its turn."""

    VOID = ("meta", "link")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_sections_come_in_this_order(report: Report) -> None:
    assert [section.title for section in build(report).sections] == TITLES


def test_the_environment_tells_what_happened_during_the_run(report: Report) -> None:
    text = render.section(build(report).sections[1])
    rows = [" ".join(line.split()) for line in text.splitlines()]
    assert "board Raspberry Pi 4 <B>" in rows
    assert "numpy 2.1" in rows
    assert f"cnn cnn.tflite 4,478,727 290 {'ab' * 32}" in rows
    assert "latency done 62 ondemand 1.00 to 1.50 81 throttled 0.2 768" in rows
    assert "/home/somebody" not in text


@pytest.mark.parametrize(
    ("status", "said"),
    [("skipped", "skipped: why"), ("interrupted", "DOUBT: interrupted: why"),
     ("failed", "DOUBT: failed: why")],
)  # fmt: skip
def test_a_suite_that_is_not_done_says_why(report: Report, status: str, said: str) -> None:
    ended = replace(report.suites[3], status=status, reason="why")
    found = build(replace(report, suites=(ended,)))
    section = next(section for section in found.sections if section.title == ended.name)
    assert render.section(section).splitlines()[:3] == [f"== {ended.name}", "", said]


def test_what_the_device_does_not_tell_is_said(report: Report) -> None:
    silent = replace(made_report.BEFORE, governor=None, throttled=None)
    suites = (replace(report.suites[0], before=silent, after=silent),)
    text = render.section(build(replace(report, suites=suites)).sections[0])
    assert "Not readable on this device: the governor, throttling and under-voltage." in text


def test_a_doubt_stands_once_with_its_suites(report: Report) -> None:
    whole = build(report)
    text = render.section(whole.sections[2])
    assert text.count("DOUBT: ") == 2
    assert "DOUBT: latency, pipeline: the board was at 81 °C: cool it" in text
    assert whole.summary[1] == "The run gives 2 reasons to doubt its figures: see Doubts."
    clean = build(replace(report, suites=tuple(replace(s, doubts=()) for s in report.suites)))
    assert "DOUBT" not in render.section(clean.sections[2])
    assert clean.summary[1] == "The run does not doubt its figures."


def test_at_a_glance_takes_what_is_there(report: Report) -> None:
    text = render.section(build(report).sections[3])
    last = [" ".join(line.split()) for line in text.splitlines()][-2:]
    assert last == [
        "cnn 12.48 10 1.100 113 4.500 0.500 0.501 0.520",
        "cnn_lstm 4.160 10 – – – 0.510 0.511 0.525",
    ]


@pytest.mark.parametrize(
    ("suites", "titles"),
    [(("size",), []), (("accuracy",), TITLES[-2:-1]), (("latency",), TITLES[-2:]),
     (("search",), TITLES[-1:])],
)  # fmt: skip
def test_a_run_ends_with_what_its_suites_allow(
    report: Report, suites: tuple[str, ...], titles: list[str]
) -> None:
    some = replace(report, suites=tuple(s for s in report.suites if s.name in suites))
    assert [section.title for section in sections(some)] == titles


def test_markdown_holds_every_table_with_its_columns(report: Report) -> None:
    text = markdown(build(report))
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")][:3] == TITLES[:3]
    assert "## The board on paper (projection, not measured)" in text
    assert "| accuracy | 0.65 | 0.500 | 0.63 | 0.510 |" in text
    assert "- **Doubt:** latency, pipeline: the board was at 81 °C: cool it" in text
    assert r"no data \| no \<set>" in text
    assert "| library | version |\n|---|---:|\n| numpy | 2.1 |" in text
    assert "| device during | status | took s |" in text
    assert re.search(r"^\| cnn_lstm \| cnn_lstm\.tflite \| 3,121,287 \|", text, re.MULTILINE)
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        columns = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(columns) == 1, block
    assert "![" not in text


def test_markdown_gives_no_meaning_to_what_was_typed(report: Report) -> None:
    text = markdown(build(replace(report, command="_x_ *y* `z` a_b \\ |")))
    assert r"\_x\_ \*y\* \`z\` a_b \\ \|" in text


def test_markdown_shows_the_figures_that_lie_beside_it(report: Report) -> None:
    whole = build(report)
    text = markdown(whole, figures_at="figs")
    links = re.findall(r"!\[[^\]]+\]\((.+)\)", text)
    assert len(links) > 15
    assert [link.removeprefix("figs/") for link in links] == list(figure_files(whole))


def test_html_is_one_file_that_asks_for_nothing(report: Report) -> None:
    text = page(build(report))
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    names = {tag for tag, _ in tags.seen}
    assert not names & {"script", "img", "iframe", "object", "embed"}
    links = [a["href"] for tag, a in tags.seen if tag in ("a", "link")]
    targets = {f"#{a['id']}" for tag, a in tags.seen if tag == "section"}
    assert all(link == "data:," or link in targets for link in links)
    assert len(links) == 1 + len(TITLES)
    for attribute in ("src", "srcset", "action", "background"):
        assert not any(attribute in a for _, a in tags.seen)
    assert "@import" not in text
    assert "url(" not in text
    addresses = set(re.findall(r"https?://[^\"'\s<]+", text))
    assert addresses == {"http://www.w3.org/2000/svg"}


def test_html_writes_names_as_text(report: Report) -> None:
    text = page(build(report))
    assert "Raspberry Pi 4 &lt;B&gt;" in text
    assert "<B>" not in text
    assert "no &lt;set&gt;" in text


def test_only_projections_wear_the_badge(report: Report) -> None:
    text = page(build(report))
    assert text.count('<span class="badge">projection</span>') == 1
    assert text.index('class="badge"') > text.index("<h2>The board on paper")


def test_the_command_writes_all_three(results: Path, tmp_path: Path) -> None:
    html, text, figures = tmp_path / "r.html", tmp_path / "r.md", tmp_path / "pictures" / "r"
    options = ("--html", html, "--markdown", text, "--figures", figures)
    assert bench("report", results, *options) == 0
    assert html.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    links = re.findall(r"!\[.+\]\((pictures/r/.+\.svg)\)", text.read_text(encoding="utf-8"))
    assert sorted(links) == sorted(f"pictures/r/{path.name}" for path in figures.iterdir())


def test_without_a_file_the_report_is_printed(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench("report", results) == 0
    out = capsys.readouterr().out
    positions = [out.index(f"== {title}") for title in TITLES]
    assert positions == sorted(positions)
    assert "== The board on paper [projection, not measured]" in out


def test_a_run_of_few_suites_has_a_report_too(report: Report, tmp_path: Path) -> None:
    save(replace(report, suites=(), models=()), tmp_path / "empty.json")
    assert bench("report", tmp_path / "empty.json", "--html", tmp_path / "e.html") == 0


def test_results_of_another_version_are_one_sentence(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads(results.read_text())
    results.write_text(json.dumps({**document, "version": 7}))
    assert bench("report", results) == 1
    error = capsys.readouterr().err
    assert "is of schema version 7, this edge-bench reads 1 to 2: measure again" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("option", ["--html", "--markdown"])
def test_a_place_that_cannot_be_written_is_one_sentence(
    results: Path, tmp_path: Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench("report", results, option, tmp_path / "none" / "r") == 1
    assert capsys.readouterr().err.startswith("edge-bench: cannot write the report to")


def test_no_results_file_says_how_to_make_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench("report", tmp_path / "none.json") == 3
    assert "edge-bench run --json" in capsys.readouterr().err
