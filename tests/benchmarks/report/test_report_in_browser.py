"""The report in headless Chromium: nothing on its console, nothing cut off, light and dark."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import cv2
import made_report
import numpy as np
import pytest

from benchmarks.report.document import build
from benchmarks.report.page import page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt install chromium"),
    pytest.mark.timeout(180),
]
WIDTH_PX, HEIGHT_PX = 1100, 2400
# What a reader would see as wrong: text outside its picture, texts on top of each other.
PROBE = """
<script>
const found = {charts: 0, cut: [], crossed: [], tables: 0, wide: 0, sections: 0};
for (const chart of document.querySelectorAll("svg.chart")) {
  found.charts++;
  const frame = chart.getBoundingClientRect();
  const texts = [...chart.querySelectorAll("text")].map(t => [t.textContent, t.getBoundingClientRect()]);
  texts.forEach(([text, box], i) => {
    if (box.left < frame.left - 1 || box.right > frame.right + 1 ||
        box.top < frame.top - 1 || box.bottom > frame.bottom + 1) found.cut.push(text);
    for (const [other, its] of texts.slice(i + 1)) {
      const across = Math.min(box.right, its.right) - Math.max(box.left, its.left);
      const down = Math.min(box.bottom, its.bottom) - Math.max(box.top, its.top);
      if (across > 1 && down > 4) found.crossed.push(text + " / " + other);
    }
  });
}
found.tables = document.querySelectorAll("table").length;
found.sections = document.querySelectorAll("section").length;
found.wide = document.documentElement.scrollWidth - window.innerWidth;
console.log("probe ran");
document.body.innerHTML = "<pre id=found></pre>";
document.getElementById("found").textContent = JSON.stringify(found);
</script>
"""  # noqa: E501  # a line of JavaScript


def chromium(folder: Path, *arguments: str) -> tuple[str, list[str]]:
    """(standard output, lines of the page's console)."""
    command = [
        CHROMIUM or "", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
        "--disable-background-networking", "--enable-logging=stderr",
        f"--user-data-dir={folder / 'profile'}", f"--window-size={WIDTH_PX},{HEIGHT_PX}",
        *arguments,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


@pytest.fixture
def html(tmp_path: Path) -> Path:
    path = tmp_path / "report.html"
    path.write_text(page(build(made_report.made())), encoding="utf-8")
    return path


def test_it_renders_with_a_silent_console(html: Path, tmp_path: Path) -> None:
    dom, console = chromium(tmp_path, "--dump-dom", html.as_uri())
    assert console == []
    assert dom.count("<section ") == len(build(made_report.made()).sections)


def test_nothing_is_cut_off_or_on_top_of_another(html: Path, tmp_path: Path) -> None:
    probed = tmp_path / "probed.html"
    probed.write_text(html.read_text(encoding="utf-8").replace("</body>", f"{PROBE}</body>"))
    dom, console = chromium(tmp_path, "--dump-dom", probed.as_uri())
    # The console is heard, so its silence above means something.
    assert len(console) == 1
    assert "probe ran" in console[0]
    said = re.search(r'<pre id="found">(.*?)</pre>', dom)
    assert said is not None
    found = json.loads(said[1])
    assert found["charts"] > 15
    assert found["tables"] > 20
    assert (found["cut"], found["crossed"]) == ([], [])
    assert found["wide"] <= 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_follows_the_readers_theme(html: Path, tmp_path: Path, theme: str) -> None:
    picture = tmp_path / "page.png"
    dark = ["--blink-settings=preferredColorScheme=0"] if theme == "dark" else []
    chromium(tmp_path, f"--screenshot={picture}", *dark, html.as_uri())
    image = cv2.imread(str(picture))
    assert image is not None
    assert image.shape[:2] == (HEIGHT_PX, WIDTH_PX)
    ground = float(np.median(image))
    assert ground > 240 if theme == "light" else ground < 40
    # Text and bars: more than a blank page, in more than one colour.
    assert 0.02 < float(np.mean(np.abs(image.astype(int) - ground) > 60)) < 0.5
    assert float(np.ptp(image.reshape(-1, 3).astype(int), axis=1).max()) > 80
