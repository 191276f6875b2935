"""Small videos and fake captures, made as a test needs them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import cv2
import numpy as np

MJPEG = "MJPG"


def frame(number: int, width: int = 64, height: int = 48) -> np.ndarray:
    """A plain gray whose value tells the number (up to 50, four steps apart)."""
    return np.full((height, width, 3), 20 + 4 * (number % 50), np.uint8)


def write_clip(
    path: Path, frames: int = 20, *, width: int = 64, height: int = 48, fps: float = 10
) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*MJPEG), fps, (width, height))
    assert writer.isOpened()
    for number in range(frames):
        writer.write(frame(number, width, height))
    writer.release()
    return path


def frame_offsets(avi: bytes) -> list[tuple[int, int]]:
    """Where each frame's bytes lie in an AVI with one video stream: (first, length)."""
    found = []
    at = avi.index(b"movi") + 4
    while avi[at : at + 4] == b"00dc":
        length = int.from_bytes(avi[at + 4 : at + 8], "little")
        found.append((at + 8, length))
        at += 8 + length + length % 2
    return found


class FakeCapture:
    """OpenCV's VideoCapture, as far as a camera uses it."""

    def __init__(self, images: Iterator[object] | None = None, *, opens: bool = True) -> None:
        self.images = images if images is not None else map(frame, count())
        self.opens = opens
        self.released = 0
        self.properties: dict[int, float] = {}

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return self.opens

    def get(self, key: int) -> float:
        return self.properties.get(key, 0.0)

    def set(self, key: int, value: float) -> bool:
        self.properties[key] = value
        return True

    def read(self) -> tuple[bool, object]:
        image = next(self.images, None)
        return image is not None, image

    def release(self) -> None:
        self.released += 1
