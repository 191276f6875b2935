"""Tilted heads: found by turning the picture, followed as they lean, cut out upright."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from places import PORTRAIT

from edge.settings.sections import DetectionSettings, PreprocessSettings
from edge.types import Face, iou
from edge.vision.cascade import HaarDetector
from edge.vision.full_search import FullSearch, WholePicture
from edge.vision.preprocess import Preprocessor
from edge.vision.search import TrackedSearch
from edge.vision.tilt import find_around, find_tilted
from edge.vision.tracker import Tracker

FPS = 10.0


@pytest.fixture(scope="module")
def detector() -> HaarDetector:
    return HaarDetector(DetectionSettings())


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    picture = cv2.imread(str(PORTRAIT), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    return picture


@pytest.fixture(scope="module")
def upright(detector: HaarDetector, portrait: np.ndarray) -> Face:
    [face] = detector.find(portrait)
    return face


def leaning(picture: np.ndarray, face: Face, degrees: float) -> np.ndarray:
    """The picture turned clockwise around the face's middle."""
    middle = (face.x + face.width / 2, face.y + face.height / 2)
    turn = cv2.getRotationMatrix2D(middle, -degrees, 1.0)
    size = (picture.shape[1], picture.shape[0])
    return cv2.warpAffine(picture, turn, size, borderMode=cv2.BORDER_REPLICATE)


@pytest.mark.parametrize("degrees", [-40, -30, -22, 22, 30, 40])
def test_a_leaning_head_is_found_where_it_is(
    detector: HaarDetector, portrait: np.ndarray, upright: Face, degrees: float
) -> None:
    picture = leaning(portrait, upright, degrees)
    [face] = find_tilted(detector, picture, 30.0 if degrees > 0 else -30.0)
    assert face.angle == (30 if degrees > 0 else -30)
    assert iou(face, upright) > 0.6


@pytest.mark.parametrize("degrees", [-30, 30])
@pytest.mark.parametrize("elsewhere", [False, True], ids=["everywhere", "a part left out"])
def test_a_leaning_head_is_found_in_the_dark(
    detector: HaarDetector, portrait: np.ndarray, upright: Face, degrees: float, elsewhere: bool
) -> None:
    """What is even around a turned picture, or over what is left out of it, is not its light."""
    rng = np.random.default_rng(7)
    dark = 0.1 * leaning(portrait, upright, degrees) + rng.normal(0, 1, portrait.shape)
    where = np.full(portrait.shape, 255, np.uint8)
    where[:, : int(upright.x - upright.width / 2)] = 0
    [face] = find_tilted(
        detector, dark.clip(0, 255).astype(np.uint8), degrees, where if elsewhere else None
    )
    assert iou(face, upright) > 0.6


def test_it_is_followed_at_its_own_tilt(
    detector: HaarDetector, portrait: np.ndarray, upright: Face
) -> None:
    picture = leaning(portrait, upright, 30)
    box = Face(upright.x + 5, upright.y - 4, upright.width, upright.height, angle=30.0)
    [face] = find_around(detector, picture, box, room=0.25, sizes=(0.75, 1.33), lenient=False)
    assert face.angle == 30
    assert iou(face, upright) > 0.6


def test_what_is_left_out_is_not_found(detector: HaarDetector, portrait: np.ndarray) -> None:
    assert find_tilted(detector, portrait, 30.0, np.zeros((6, 8), np.uint8)) == []


def test_a_single_picture_is_searched_at_all_tilts(
    detector: HaarDetector, portrait: np.ndarray, upright: Face
) -> None:
    search = FullSearch(detector, tilted=True)
    assert [face.angle for face in search.find(portrait, 0.0, [])] == [0]
    for degrees in (30, -30):
        found = search.find(leaning(portrait, upright, degrees), 0.0, [])
        assert [face.angle for face in found if iou(face, upright) > 0.6] == [degrees]


def test_a_head_beside_an_upright_one_may_lean(
    detector: HaarDetector, portrait: np.ndarray, upright: Face
) -> None:
    search = FullSearch(detector, tilted=True)
    pair = np.hstack([portrait, leaning(portrait, upright, 30)])
    beside = Face(upright.x + portrait.shape[1], upright.y, upright.width, upright.height)
    found = search.find(pair, 0.0, [])
    for true, angle in ((upright, 0), (beside, 30)):
        assert [face.angle for face in found if iou(face, true) > 0.6] == [angle]


def test_a_head_that_tilts_and_rises_keeps_its_track(
    detector: HaarDetector, portrait: np.ndarray, upright: Face
) -> None:
    search, tracker = TrackedSearch(detector, DetectionSettings()), Tracker()
    seen = []
    tilts = [0.0] * 10 + [4.0 * n for n in range(9)] + [32.0] * 10 + [0.0] * 10
    for n, degrees in enumerate(tilts):
        picture = leaning(portrait, upright, degrees)
        found = search.find(picture, n / FPS, tracker.expected(n / FPS))
        seen.append(tracker.update(found, n / FPS))
    assert {face.track_id for faces in seen for face in faces} == {1}
    assert all(len(faces) == 1 for faces in seen[5:])
    assert [face.angle for face in seen[28]] == [30]
    assert [face.angle for face in seen[-1]] == [0]


def test_a_tilted_head_is_cut_out_upright(portrait: np.ndarray, upright: Face) -> None:
    preprocessor = Preprocessor(PreprocessSettings())
    straight = preprocessor.crop(portrait, upright).astype(float)
    face = Face(upright.x, upright.y, upright.width, upright.height, angle=30.0)
    turned = preprocessor.crop(leaning(portrait, upright, 30), face).astype(float)
    assert np.abs(straight - turned).mean() < 4


def test_without_a_detector_every_picture_is_a_face() -> None:
    assert WholePicture().find(np.zeros((48, 40), np.uint8), 0.0, []) == [Face(0, 0, 40, 48)]
