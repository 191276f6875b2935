"""What the live picture costs: processor time a picture, and the share of a core at 2 fps.

python tests/rigs/preview_cost.py [--pictures 40]

A page serves the stream to a reader in a process of its own, as in a run. Counted is all that this
process spends until the reader has its picture: decoded where it came as JPEG, drawn, made small,
compressed, sent. The kinds of frames come by turns, five times each; printed is the median.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

import cv2
import numpy as np

from edge.health.report import Health
from edge.pipeline.face import FrameResult, TrackedFace
from edge.pipeline.track import State
from edge.settings.sections import CameraSettings, StatusSettings
from edge.sources.video.synthetic import SyntheticSource
from edge.status.preview import Preview
from edge.status.server import StatusPage
from edge.types import Face, Frame, Prediction

FPS = 2
_ROUNDS = 5
_READ = """import sys, urllib.request
stream = urllib.request.urlopen(sys.argv[1])
while line := stream.readline():
    if line.startswith(b"Content-Length"):
        stream.read(int(line.split()[1]) + 4)
        print(flush=True)"""


def frames() -> dict[str, Frame]:
    with SyntheticSource("", CameraSettings()) as source:
        portrait = next(iter(source)).image
    found = {}
    for width, height in ((640, 480), (1280, 720), (1920, 1080)):
        image = cv2.resize(portrait, (width, height)).astype(np.uint8, copy=False)
        found[f"{width}x{height}"] = Frame(image, 0.0, 0)
        gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
        jpeg = cv2.imencode(".jpg", image)[1].reshape(-1)
        found[f"{width}x{height}, came as JPEG"] = Frame(gray, 0.0, 0, "GRAY", jpeg=jpeg)
    return found


def cost_s(frame: Frame, pictures: int) -> float:
    """Processor seconds a picture, with two faces in it."""
    scores = np.array([0.8, 0.2], np.float32)
    state, prediction = State("happy", 0.8, scores, False), Prediction(("happy", "sad"), scores)
    seen = [TrackedFace(Face(80 * n, 90, 120, 120, n), state, prediction) for n in (1, 3)]
    preview = Preview(1e6)  # one is always due: how fast they come is the reader's choice
    settings = StatusSettings(enabled=True, port=0)
    with StatusPage(settings, Health().report, None, list, preview=preview) as page:
        command = [sys.executable, "-c", _READ, f"{page.url}preview.mjpg"]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as reader:
            assert reader.stdout is not None
            reader.stdout.readline()  # grey: there was none yet
            began_s = time.process_time()
            for _ in range(pictures):
                preview.show(FrameResult(frame, tuple(seen), ()))
                reader.stdout.readline()
            spent_s = time.process_time() - began_s
            preview.close()
    return spent_s / pictures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=40)
    pictures: int = parser.parse_args().pictures
    cv2.setNumThreads(1)
    kinds = frames()
    found: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(_ROUNDS):
        for name, frame in kinds.items():
            found[name].append(cost_s(frame, pictures))
    for name, costs in found.items():
        median_s = statistics.median(costs)
        share = f"{median_s * FPS:.1%} of a core at {FPS} fps"
        print(f"{name:<24} {1000 * median_s:5.1f} ms a picture, {share}")


if __name__ == "__main__":
    main()
