"""What every face detector owes, run over all that `DETECTORS` names.

The ones that need a file of the user's take it from the environment: EDGE_LBP, EDGE_YUNET. For
the first, OpenCV's own Haar cascade stands in: both are read and run alike.
"""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from places import PORTRAIT

from edge.settings.sections import DetectionSettings
from edge.types import Face, iou
from edge.vision import DETECTORS, open_detector
from edge.vision.cascade import FaceDetector

STAND_INS = {
    "haar": "",
    "lbp": str(Path(cv2.data.haarcascades, "haarcascade_frontalface_default.xml")),
}


@pytest.fixture(params=DETECTORS, scope="module")
def detector(request: pytest.FixtureRequest) -> FaceDetector:
    name = request.param
    model = os.environ.get(f"EDGE_{name.upper()}", STAND_INS.get(name))
    if model is None:
        pytest.skip(f"{name} needs a file: set EDGE_{name.upper()} to it")
    return open_detector(DetectionSettings(detector=name, model=model))


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    picture = cv2.imread(str(PORTRAIT), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    return picture


def inside(face: Face, picture: np.ndarray) -> bool:
    height, width = picture.shape
    starts_in = face.x >= 0 and face.y >= 0 and face.width > 0 and face.height > 0
    return starts_in and face.x + face.width <= width and face.y + face.height <= height


def test_the_face_of_a_portrait_is_found_once(detector: FaceDetector, portrait: np.ndarray) -> None:
    found = detector.find(portrait)
    assert len(found) == 1
    assert found[0].track_id == 0
    assert inside(found[0], portrait)


def test_a_box_is_in_pixels_of_the_picture_given(
    detector: FaceDetector, portrait: np.ndarray
) -> None:
    [face] = detector.find(portrait)
    [larger] = detector.find(cv2.resize(portrait, None, fx=1.5, fy=1.5))
    downscaled = Face(
        *(round(side / 1.5) for side in (larger.x, larger.y, larger.width, larger.height))
    )
    assert iou(face, downscaled) > 0.7


def test_a_dim_flat_portrait_is_found_too(detector: FaceDetector, portrait: np.ndarray) -> None:
    dim = (portrait // 5 + 40).astype(np.uint8)
    assert len(detector.find(dim)) == 1


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (400, 1), (47, 640), (241, 319), (480, 640)])
@pytest.mark.parametrize("kind", ["black", "white", "noise"])
def test_nothing_is_found_where_there_is_no_face(
    detector: FaceDetector, size: tuple[int, int], kind: str
) -> None:
    if kind == "noise":
        picture = np.random.default_rng(7).integers(0, 256, size).astype(np.uint8)
    else:
        picture = np.full(size, 255 if kind == "white" else 0, np.uint8)
    assert detector.find(picture) == []


@pytest.mark.parametrize("cut", [(0, 3), (1, 5), (2, 7), (5, 1)])
def test_boxes_stay_inside_pictures_of_odd_sizes(
    detector: FaceDetector, portrait: np.ndarray, cut: tuple[int, int]
) -> None:
    [face] = detector.find(portrait)
    # The face touches the top and left edges as closely as the detector lets it.
    odd = portrait[face.y : portrait.shape[0] - cut[0], face.x : portrait.shape[1] - cut[1]]
    assert all(inside(found, odd) for found in detector.find(odd))


def test_a_view_into_a_larger_picture_will_do(detector: FaceDetector, portrait: np.ndarray) -> None:
    wide = np.zeros((portrait.shape[0], portrait.shape[1] + 64), np.uint8)
    wide[:, :-64] = portrait
    assert detector.find(wide[:, :-64]) == detector.find(portrait)


def test_only_faces_about_the_size_asked_for_are_found(
    detector: FaceDetector, portrait: np.ndarray
) -> None:
    [face] = detector.find(portrait)
    [again] = detector.find(portrait, (0.8 * face.width, 1.25 * face.width))
    assert iou(face, again) > 0.6
    assert detector.find(portrait, (1.6 * face.width, 2 * face.width)) == []
    assert detector.find(portrait, (0.3 * face.width, 0.55 * face.width)) == []


def test_a_picture_smaller_than_the_size_asked_for_holds_none(detector: FaceDetector) -> None:
    assert detector.find(np.zeros((50, 60), np.uint8), (80.0, 120.0)) == []


def test_a_face_is_found_where_one_is_asked_for(
    detector: FaceDetector, portrait: np.ndarray
) -> None:
    [face] = detector.find(portrait)
    given = portrait.copy()
    where = np.zeros((30, 40), np.uint8)
    scale_y, scale_x = 30 / portrait.shape[0], 40 / portrait.shape[1]
    where[
        : int((face.y + 1.3 * face.height) * scale_y) + 1,
        : int((face.x + 1.3 * face.width) * scale_x) + 1,
    ] = 1
    [again] = detector.find(given, where=where)
    assert iou(face, again) > 0.7
    assert np.array_equal(given, portrait)


@pytest.mark.parametrize("share", [0.25, 0.1])
def test_a_face_in_little_light_is_found(
    detector: FaceDetector, portrait: np.ndarray, share: float
) -> None:
    noise = np.random.default_rng(2).normal(0, 1.5, portrait.shape)
    dark = np.clip(portrait * share + noise, 0, 255).astype(np.uint8)
    assert len(detector.find(dark)) == 1


def test_a_face_partly_beyond_the_edge_is_found(
    detector: FaceDetector, portrait: np.ndarray
) -> None:
    [face] = detector.find(portrait)
    cut = portrait[:, face.x + round(0.1 * face.width) :]
    shown = Face(0, face.y, round(0.9 * face.width), face.height)
    found = detector.find(np.ascontiguousarray(cut))
    assert all(inside(box, cut) for box in found)
    assert any(iou(box, shown) > 0.6 for box in found)


def test_a_face_of_the_smallest_size_is_found(detector: FaceDetector, portrait: np.ndarray) -> None:
    [face] = detector.find(portrait)
    scale = DetectionSettings().min_face_px / face.width
    small = cv2.resize(portrait, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    assert len(detector.find(small)) == 1
