# ruff: noqa: E402  # run as a script, it has to find its neighbours first
"""The screens of docs/images: demo, page, mirror, `edge log stats`, a benchmark's report.

python tests/rigs/screens.py [docs/images]      or `make screens`; needs Chromium
"""

from __future__ import annotations

import argparse
import html
import os
import socket
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from urllib.parse import quote

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "support"), str(ROOT)]

from browser import Browser
from rigs import big_log

import edge
from edge.annotate.draw import drawn
from edge.health.report import Health
from edge.settings.sections import CameraSettings, StatusSettings
from edge.sources.video.synthetic import SyntheticSource
from edge.status.present import Person
from edge.status.server import StatusPage
from edge.types import EmotionEvent

PEOPLE = [Person("face", "happy", 0.83, 14.2), Person("fusion", "surprise", 0.55, 71.0)]

_DEMO_FRAMES = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, nargs="?", default=ROOT / "docs" / "images")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    shoot_demo(out / "demo.jpg")
    with tempfile.TemporaryDirectory() as name, Browser(Path(name) / "profile") as browser:
        log = Path(name) / "kiosk.sqlite"
        big_log.write(log, 30, 12_000, datetime(2026, 6, 27, 21, tzinfo=UTC))
        shoot_pages(browser, log, out)
        shoot_stats(browser, log, out / "stats.png")
        bench = [sys.executable, "-m", "benchmarks"]
        here = {**os.environ, "PYTHONPATH": str(ROOT)}
        for command in (
            ["run", "size", "--json", "r.json"],
            ["report", "r.json", "--html", "r.html"],
        ):
            subprocess.run([*bench, *command], check=True, cwd=name, env=here)
        browser.open((Path(name) / "r.html").as_uri(), 1100, 900)
        save(out / "report.png", browser.screenshot(whole=False))


def shoot_demo(path: Path) -> None:
    """A frame of what `make demo` writes, before a film's compression."""
    with SyntheticSource("", CameraSettings()) as source:
        *_, last = edge.run_pipeline(islice(source, _DEMO_FRAMES))
    save(path, cv2.imencode(".png", drawn(last))[1].tobytes())


def shoot_pages(browser: Browser, log: Path, out: Path) -> None:
    socket.gethostname = lambda: "kiosk"
    settings = StatusSettings(enabled=True, port=0, names=("localhost",))
    with StatusPage(settings, afternoon().report, log, lambda: PEOPLE) as page:
        for name, path, width, dark in (
            ("page", "?span=month&at=2026-06-20", 1280, False),
            ("page_phone", "?span=week&at=2026-06-20", 390, True),
            ("mirror", "mirror?lang=en", 1280, False),
        ):
            browser.open(page.url + path, width, dark=dark)
            while browser.value("!!document.querySelector('[data-pending]')"):
                continue
            save(out / f"{name}.png", browser.screenshot())


def afternoon() -> Health:
    """A run's health after three hours at 20 frames a second."""
    now_s, spent = 0.0, {"search": 0.0, "inference": 0.0}
    health = Health(lambda: now_s)
    health.watch_stages(lambda: spent)
    camera, log = health.part("camera"), health.part("log", "sink")
    seen = EmotionEvent(
        datetime.now(UTC), "face", 7, "happy", 0.83, {"happy": 0.83}, None, "edge_net"
    )
    for number in range(3 * 3600 * 20):
        now_s += 0.05
        spent["search"] += 0.0041
        spent["inference"] += 0.0006
        health.frame(dropped=12)
        camera.running()
        if number % 60 == 0:
            health.event(seen)
            log.running()
    return health


def shoot_stats(browser: Browser, log: Path, path: Path) -> None:
    command = [sys.executable, "-m", "edge", "log", "stats", "--by", "week", "--log", str(log)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    shown = html.escape(said.replace(str(log), "kiosk.sqlite"))
    style = "margin:0;padding:1em;background:#14181d;color:#eef1f4;font:15px/1.35 monospace"
    page = f"<!doctype html><meta charset=utf-8><body style='margin:0'><pre style='{style}'>{shown}"
    browser.open(f"data:text/html,{quote(page)}", 940, 100)
    save(path, browser.screenshot())


def save(path: Path, png: bytes) -> None:
    """As small as PNG gets it, or a photograph as JPEG."""
    image = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    cv2.imwrite(str(path), image, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    print(f"{path} {image.shape[1]} x {image.shape[0]}, {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
