"""The Haar search: its settings, and what is said when OpenCV has no cascades."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from places import PORTRAIT

from edge.errors import MissingModelError, MissingPartError, ModelError, UsageError
from edge.settings.sections import DetectionSettings
from edge.types import Face, iou
from edge.vision import open_detector
from edge.vision.cascade import HaarDetector, LbpDetector, load_cascade


def grays(clip: Path, every: int) -> Iterator[np.ndarray]:
    capture = cv2.VideoCapture(str(clip))
    index = 0
    while capture.grab():
        if index % every == 0:
            yield cv2.cvtColor(capture.retrieve()[1], cv2.COLOR_BGR2GRAY)
        index += 1
    assert index, f"{clip} gave no frame"


def test_an_unknown_detector_is_named_with_the_choices() -> None:
    with pytest.raises(UsageError, match=r"'yolo'.*haar"):
        open_detector(DetectionSettings(detector="yolo"))


def test_opencv_5_is_named_where_there_are_no_cascades(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(cv2, "CascadeClassifier")
    with pytest.raises(MissingPartError, match=r"OpenCV 5 dropped.*<4.13"):
        HaarDetector(DetectionSettings())


def test_a_cascade_that_is_not_there_is_named() -> None:
    with pytest.raises(MissingPartError, match="haarcascade_third_ear"):
        load_cascade("haarcascade_third_ear")


def test_a_damaged_cascade_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken.xml").write_text("<opencv_storage></opencv_storage>")
    monkeypatch.setattr(cv2.data, "haarcascades", str(tmp_path))
    with pytest.raises(MissingPartError, match=r"broken\.xml is damaged"):
        load_cascade("broken")


HAAR = Path(cv2.data.haarcascades) / "haarcascade_frontalface_default.xml"


@pytest.mark.parametrize("name", ["lbp", "yunet"])
def test_a_detector_without_its_file_says_which_setting_names_it(name: str) -> None:
    with pytest.raises(MissingModelError, match=rf"{name} needs its .*set detection\.model"):
        open_detector(DetectionSettings(detector=name))


@pytest.mark.parametrize("name", ["haar", "lbp", "yunet"])
def test_a_file_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(MissingModelError, match=r"no (cascade|model) /nowhere/faces"):
        open_detector(DetectionSettings(detector=name, model="/nowhere/faces"))


@pytest.mark.parametrize("name", ["haar", "lbp", "yunet"])
def test_a_file_of_something_else_is_named(name: str, tmp_path: Path) -> None:
    other = tmp_path / ("faces.onnx" if name == "yunet" else "faces.xml")
    other.write_text("<opencv_storage></opencv_storage>")
    with pytest.raises(ModelError, match=r"faces.* is no (cascade|YuNet)"):
        open_detector(DetectionSettings(detector=name, model=str(other)))


def test_any_cascade_of_the_users_will_do() -> None:
    # A Haar cascade stands in for one of local binary patterns: OpenCV reads both alike.
    portrait = cv2.imread(str(PORTRAIT), cv2.IMREAD_GRAYSCALE)
    own = LbpDetector(DetectionSettings(detector="lbp", model=str(HAAR))).find(portrait)
    assert own == HaarDetector(DetectionSettings()).find(portrait)
    assert len(own) == 1


@pytest.mark.parametrize("side_px", [52, 60, 75, 100, 150, 220, 300])
def test_a_new_face_is_proposed_at_any_size_from_the_smallest_on(side_px: int) -> None:
    portrait = cv2.imread(str(PORTRAIT), cv2.IMREAD_GRAYSCALE)
    detector = HaarDetector(DetectionSettings())
    [face] = detector.find(portrait)
    scale = side_px / face.width
    resized = cv2.resize(portrait, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    expected = Face(*(round(side * scale) for side in (face.x, face.y, face.width, face.height)))
    assert any(iou(box, expected) > 0.5 for box in detector.find(resized, lenient=True))


def test_what_is_left_out_is_not_proposed() -> None:
    portrait = cv2.imread(str(PORTRAIT), cv2.IMREAD_GRAYSCALE)
    detector = HaarDetector(DetectionSettings())
    where = np.ones((60, 80), np.uint8)
    assert detector.find(portrait, where=where, lenient=True)
    assert detector.find(portrait, where=0 * where, lenient=True) == []


@pytest.mark.data
def test_faces_below_the_smallest_size_are_not_searched_for(data_dir: Path) -> None:
    gray = next(grays(data_dir / "video" / "single_face.mp4", every=1))
    [face] = HaarDetector(DetectionSettings(min_face_px=48)).find(gray)
    assert HaarDetector(DetectionSettings(min_face_px=face.width * 2)).find(gray) == []


@pytest.mark.data
def test_each_frame_of_one_face_shows_one_face(data_dir: Path) -> None:
    detector = HaarDetector(DetectionSettings())
    found = [detector.find(gray) for gray in grays(data_dir / "video" / "single_face.mp4", 8)]
    assert [len(faces) for faces in found] == [1] * len(found)
