"""YuNet without its model: a network of OpenCV's interface that finds white squares stands in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.settings.sections import DetectionSettings
from edge.types import Face
from edge.vision.yunet import YunetDetector


class FakeNetwork:
    """Answers as FaceDetectorYN does: None, or rows of x, y, width, height … score."""

    rows: list[tuple[float, float, float, float, float]] | None = None
    """Shares of the picture, and the score."""
    size = (0, 0)
    seen: tuple[int, ...] = ()

    def setInputSize(self, size: tuple[int, int]) -> None:  # noqa: N802 - OpenCV's name
        self.size = size

    def detect(self, image: np.ndarray) -> tuple[int, np.ndarray | None]:
        self.seen = image.shape
        if self.rows is None:
            return 1, None
        found = np.zeros((len(self.rows), 15), np.float32)
        for row, (x, y, width, height, score) in zip(found, self.rows, strict=True):
            across, down = self.size
            row[:4] = x * across, y * down, width * across, height * down
            row[-1] = score
        return 1, found


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> FakeNetwork:
    made = FakeNetwork()

    class Factory:
        @staticmethod
        def create(*arguments: Any, **options: Any) -> FakeNetwork:
            return made

    monkeypatch.setattr(cv2, "FaceDetectorYN", Factory)
    return made


@pytest.fixture
def detector(network: FakeNetwork, tmp_path: Path) -> YunetDetector:
    model = tmp_path / "yunet.onnx"
    model.write_bytes(b"any")
    return YunetDetector(DetectionSettings(detector="yunet", model=str(model), min_face_px=48))


PICTURE = np.zeros((480, 640), np.uint8)


def test_no_rows_are_no_faces(detector: YunetDetector) -> None:
    assert detector.find(PICTURE) == []


def test_boxes_come_surest_first_in_pixels_of_the_picture(
    detector: YunetDetector, network: FakeNetwork
) -> None:
    network.rows = [(0.1, 0.1, 0.2, 0.3, 0.8), (0.6, 0.5, 0.2, 0.3, 0.9)]
    assert detector.find(PICTURE) == [Face(384, 240, 128, 144), Face(64, 48, 128, 144)]


def test_the_network_sees_a_smaller_picture_in_three_channels(
    detector: YunetDetector, network: FakeNetwork
) -> None:
    detector.find(PICTURE)
    assert network.seen == (240, 320, 3)
    detector.find(PICTURE, (96.0, 150.0))
    assert network.seen == (120, 160, 3)


def test_boxes_are_cut_to_the_picture_and_dropped_outside_it(
    detector: YunetDetector, network: FakeNetwork
) -> None:
    network.rows = [(-0.1, -0.1, 0.3, 0.4, 0.9), (1.1, 0.5, 0.2, 0.3, 0.8)]
    assert detector.find(PICTURE) == [Face(0, 0, 128, 144)]


def test_faces_of_other_sizes_are_left_out(detector: YunetDetector, network: FakeNetwork) -> None:
    network.rows = [(0.1, 0.1, 0.05, 0.05, 0.9), (0.5, 0.5, 0.2, 0.3, 0.8)]
    assert detector.find(PICTURE) == [Face(320, 240, 128, 144)]
    assert detector.find(PICTURE, (50.0, 100.0)) == []
