"""The owner's page and the mirror in headless Chromium: nothing wide, nothing on the console."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import CHROMIUM, Browser
from samples import make_log

from edge.health.report import Health
from edge.settings.sections import StatusSettings
from edge.status.present import Person
from edge.status.preview import Preview
from edge.status.server import StatusPage

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt install chromium"),
    pytest.mark.timeout(180),
]
PEOPLE = [Person("face", "happy", 0.83, 14.2), Person("fusion", "fear", 0.55, 71.0)]
# WCAG's contrast of each text with the ground that it stands on; AAA wants 7, of large text 4.5.
CONTRAST = """(() => {
  const light = (rgb) => { const [r, g, b] = rgb.map((v) => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b; };
  const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
  const found = [];
  for (const one of document.querySelectorAll("body *")) {
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || one.closest("svg, noscript, script") || !one.checkVisibility()) continue;
    let ground = one;
    while (ground && (numbers(getComputedStyle(ground).backgroundColor)[3] ?? 1) === 0) ground = ground.parentElement;
    const style = getComputedStyle(one), size = parseFloat(style.fontSize);
    const pair = [style.color, getComputedStyle(ground).backgroundColor].map((text) => light(numbers(text).slice(0, 3)));
    const contrast = (Math.max(...pair) + .05) / (Math.min(...pair) + .05);
    found.push([contrast / (size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 4.5 : 7), one.textContent.slice(0, 40)]);
  }
  return found.sort((a, b) => a[0] - b[0]);
})()"""  # noqa: E501  # lines of JavaScript


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.mark.parametrize("kind", ["full", "empty", "counts", "gone"])
def test_pages_fit_read_well_and_say_nothing_on_the_console(
    browser: Browser, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.status.preview._GONE_S", 0.1)  # the page waits for a first one
    log = make_log(tmp_path / "log.sqlite", 0 if kind == "empty" else 70)
    health = Health()
    camera = health.part("camera")
    camera.waiting("no camera: plug one in") if kind == "gone" else camera.running()
    people = None if kind == "counts" else lambda: PEOPLE if kind == "full" else []
    preview = Preview(2) if kind == "full" else None
    settings = StatusSettings(enabled=True, port=0, names=("localhost",))
    with StatusPage(settings, health.report, log, people, preview=preview) as page:
        for width, dark in ((390, False), (1920, True)):
            for path in ("", "?span=year&at=2026-06-01", "mirror?lang=de"):
                browser.open(page.url + path, width, dark=dark)
                assert browser.value("document.documentElement.scrollWidth - innerWidth") <= 0
                texts = browser.value(CONTRAST)
                assert len(texts) > 3
                assert texts[0][0] >= 1, texts[0]
                assert browser.console == []
        if kind == "gone":
            browser.open(page.url, 1280)
            assert "no camera" in browser.value("document.getElementById('live').textContent")
        if preview is not None:
            preview.close()


def test_the_console_is_listened_to(browser: Browser) -> None:
    browser.open("data:text/html,<script>console.log('here');nothing()</script>", 400)
    assert len(browser.console) == 2
