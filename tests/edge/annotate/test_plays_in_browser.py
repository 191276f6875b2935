"""An annotated video plays in a browser: headless Chromium opens, decodes and ends it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from browser import CHROMIUM, Browser
from rigs.clips import write_clip

from edge.cli.app import run_app
from edge.cli.main import app

pytest.importorskip("av")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt install chromium"),
    pytest.mark.timeout(180),
]
FRAMES = 25
# All of it, muted, at twice its speed: what it says of itself, and whether it came to its end.
PLAYED = """
new Promise(done => {
  const film = document.querySelector("video");
  const tell = () => done({
    error: film.error && film.error.message, ready: film.readyState, ended: film.ended,
    seconds: film.duration, width: film.videoWidth, height: film.videoHeight,
    shown: film.getVideoPlaybackQuality().totalVideoFrames,
  });
  film.onended = film.onerror = tell;
  if (film.error) tell();
  film.muted = true; film.playbackRate = 2;
  film.play().catch(tell);
})
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    write_clip(path, FRAMES)
    return path


@pytest.mark.parametrize("name", ["out.mp4", "顔 a:b.mp4", "out.m4v", "out.webm"])
def test_it_plays_to_its_end_at_its_speed(
    name: str, browser: Browser, clip: Path, tmp_path: Path
) -> None:
    out = tmp_path / name
    run = ("run", "--camera", str(clip), "--log", "none", "--annotate", str(out))
    assert run_app(app, "edge", list(run)) == 0
    page = tmp_path / "page.html"
    page.write_text(f'<meta charset="utf-8"><video src="./{quote(name)}"></video>')
    browser.open(page.as_uri(), width=800)
    found = browser.value(PLAYED)
    assert found["error"] is None
    assert found["ended"]
    assert found["ready"] >= 2
    assert found["shown"] >= FRAMES // 2  # a slow machine may skip some
    assert found["width"] > 0
    assert found["seconds"] == pytest.approx(_seconds(clip), rel=0.1)


def _seconds(clip: Path) -> float:
    import cv2

    film = cv2.VideoCapture(str(clip))
    return FRAMES / film.get(cv2.CAP_PROP_FPS)
