"""Clips through all peers in turn: milliseconds of wall and of CPU, frame by frame."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from time import sleep
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring.findings import Finding
from benchmarks.measuring.timing import Measurement, ratio
from benchmarks.peers.process import PeerProcess
from edge.errors import DataError, MissingDataError

_WARMUPS = 10
# In it the last peer's idle threads stop spinning.
_REST_S = 0.01


@dataclass(frozen=True, slots=True)
class Clip:
    """frames: uint8 (H, W, 3), BGR, in order; fps: frames a second, as the file says"""

    name: str
    frames: tuple[NDArray[np.uint8], ...]
    fps: float


def clips(path: Path, most: int) -> Clip:
    """The first `most` frames of a video. Raises MissingDataError, DataError where it has none."""
    if not path.exists():
        raise MissingDataError(f"there is no clip {path}: give another with --clip")
    capture = cv2.VideoCapture(str(path))
    try:
        frames: list[NDArray[np.uint8]] = []
        while len(frames) < most:
            there, frame = capture.read()
            if not there:
                break
            frames.append(np.asarray(frame, np.uint8))
        fps = capture.get(cv2.CAP_PROP_FPS) or 30.0
    finally:
        capture.release()
    if not frames:
        raise DataError(f"{path} has no frames: give --clip another video")
    height, width = frames[0].shape[:2]
    return Clip(f"{path.name} {width}x{height}", tuple(frames), fps)


def speed(peers: list[PeerProcess], clip: Clip, order: np.random.Generator) -> Iterator[Finding]:
    """Every frame through every peer; ratios to the first one."""
    for peer in peers:
        for _ in range(_WARMUPS):
            peer.ask("see", clip.frames[0], timestamp_s=0.0)
        peer.ask("begin")
    answers: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for index, frame in enumerate(clip.frames):
        for number in order.permutation(len(peers)):
            sleep(_REST_S)
            answer = peers[number].ask("see", frame, timestamp_s=index / clip.fps)
            answers[peers[number].name].append(answer)
    timed = {}
    for peer in peers:
        given = answers[peer.name]
        row = f"{peer.name}, {clip.name}"
        values = tuple(each["ms"] for each in given)
        timed[peer.name] = Measurement(row, "ms", values, _WARMUPS, varied=True)
        yield timed[peer.name]
        yield Measurement(f"{row}/ms a frame", "ms", (timed[peer.name].mean,))
        cpu = fmean(each["cpu_ms"] for each in given)
        yield Measurement(f"{row}/CPU ms a frame", "ms", (cpu,))
        faces = fmean(len(each["labels"]) for each in given)
        yield Measurement(f"{row}/faces a frame", "", (faces,))
    for peer in peers[1:]:
        yield ratio(timed[peers[0].name], timed[peer.name])
