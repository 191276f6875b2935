"""48x48 out of any box in any picture, and what `normalise` does to it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places import PORTRAIT

from edge.pixel_formats import to_gray
from edge.settings.sections import DetectionSettings, PreprocessSettings
from edge.types import Face
from edge.vision.cascade import HaarDetector, load_cascade
from edge.vision.preprocess import Preprocessor, eye_tilt


def preprocessor(**values: object) -> Preprocessor:
    return Preprocessor(PreprocessSettings.model_validate(values))


def ramp(height: int = 200, width: int = 300) -> np.ndarray:
    """Each pixel tells its column."""
    return np.tile(np.linspace(0, 255, width), (height, 1)).astype(np.uint8)


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, shape).astype(np.uint8)


def test_gray_is_the_luma_of_bgr() -> None:
    bgr = np.zeros((2, 3, 3), np.uint8)
    bgr[:, 0, 0] = bgr[:, 1, 1] = bgr[:, 2, 2] = 255
    gray = to_gray(bgr)
    assert gray.dtype == np.uint8
    assert gray.tolist() == [[29, 150, 76]] * 2


def test_a_box_of_48_is_cut_out_unchanged() -> None:
    image = noise(100, 120)
    patch = preprocessor().crop(image, Face(30, 20, 48, 48))
    assert np.array_equal(patch, image[20:68, 30:78])


def test_the_margin_takes_in_as_much_on_every_side() -> None:
    image = noise(200, 200)
    patch = preprocessor(margin=0.25).crop(image, Face(60, 70, 32, 32))
    assert np.array_equal(patch, image[62:110, 52:100])


def test_a_tall_box_becomes_a_square_around_its_centre() -> None:
    image = noise(200, 200)
    patch = preprocessor().crop(image, Face(60, 50, 20, 48))
    assert np.array_equal(patch, image[50:98, 46:94])


def test_outside_the_picture_its_edge_is_repeated() -> None:
    image = noise(60, 60)
    patch = preprocessor().crop(image, Face(-10, 40, 48, 48))
    assert np.array_equal(patch[:20, 10:], image[40:60, :38])
    assert np.array_equal(patch[:20, :10], np.repeat(image[40:60, :1], 10, axis=1))
    assert np.array_equal(patch[20:], np.repeat(patch[19:20], 28, axis=0))


def test_shrinking_averages_and_does_not_alias() -> None:
    stripes = np.zeros((480, 480), np.uint8)
    stripes[:, ::2] = 255
    patch = preprocessor().crop(stripes, Face(0, 0, 480, 480))
    assert int(patch.min()) >= 126
    assert int(patch.max()) <= 129


def test_growing_is_smooth() -> None:
    patch = preprocessor().crop(ramp(), Face(100, 100, 12, 12)).astype(int)
    assert (np.diff(patch, axis=1) >= 0).all()
    assert np.diff(patch, axis=1).max() <= 1


@settings(max_examples=150, deadline=None)
@given(
    box=st.tuples(*[st.integers(-400, 400)] * 2, *[st.integers(1, 500)] * 2),
    size=st.tuples(*[st.integers(1, 300)] * 2),
    margin=st.floats(-0.2, 0.5),
)
def test_any_box_in_any_picture_gives_the_networks_size(
    box: tuple[int, int, int, int], size: tuple[int, int], margin: float
) -> None:
    patch = preprocessor(margin=margin).crop(np.full(size, 90, np.uint8), Face(*box))
    assert patch.shape == (48, 48)
    assert patch.dtype == np.uint8
    assert (patch == 90).all()


def test_by_default_normalise_gives_back_the_patch() -> None:
    patch = noise(48, 48)
    assert preprocessor().normalise(patch) is patch


def test_gamma_brightens_below_1_and_keeps_black_and_white() -> None:
    patch = np.array([[0, 64, 255]], np.uint8)
    assert preprocessor(gamma=0.5).normalise(patch).tolist() == [[0, 128, 255]]
    assert preprocessor(gamma=2).normalise(patch).tolist() == [[0, 16, 255]]


def test_equalise_uses_the_whole_range() -> None:
    flat = (noise(48, 48) // 8 + 100).astype(np.uint8)
    even = preprocessor(equalise=True).normalise(flat)
    assert (even.min(), even.max(), even.dtype) == (0, 255, np.uint8)


def test_smooth_spreads_a_point_over_3x3() -> None:
    point = np.zeros((48, 48), np.uint8)
    point[20, 20] = 160
    assert preprocessor(smooth=True).normalise(point)[19:22, 19:22].tolist() == [
        [10, 20, 10],
        [20, 40, 20],
        [10, 20, 10],
    ]


def test_the_order_is_gamma_equalise_smooth() -> None:
    patch = noise(48, 48) // 2
    stepwise = patch
    for step in ({"gamma": 0.7}, {"equalise": True}, {"smooth": True}):
        stepwise = preprocessor(**step).normalise(stepwise)
    together = preprocessor(gamma=0.7, equalise=True, smooth=True).normalise(patch)
    assert np.array_equal(together, stepwise)


def test_what_went_in_is_not_changed() -> None:
    patch = noise(48, 48)
    before = patch.copy()
    preprocessor(gamma=0.7, equalise=True, smooth=True).normalise(patch)
    assert np.array_equal(patch, before)


@pytest.mark.parametrize("turn_deg", [-12, 12])
def test_alignment_levels_the_eyes_of_a_turned_portrait(turn_deg: int) -> None:
    portrait = cv2.resize(cv2.imread(str(PORTRAIT), cv2.IMREAD_GRAYSCALE), None, fx=2, fy=2)
    detector = HaarDetector(DetectionSettings())
    upright = detector.find(portrait)[0]
    centre = (upright.x + upright.width / 2, upright.y + upright.height / 2)
    turn = cv2.getRotationMatrix2D(centre, turn_deg, 1)
    turned = cv2.warpAffine(portrait, turn, portrait.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    video_input = load_cascade("haarcascade_eye")
    own_tilt, tilt = (
        eye_tilt(video_input, image[upright.y :, upright.x :][: upright.width, : upright.width])
        for image in (portrait, turned)
    )
    assert tilt == pytest.approx(own_tilt - turn_deg, abs=4)
    level = preprocessor(align=True).crop(portrait, upright).astype(int)
    aligned = preprocessor(align=True).crop(turned, upright)
    plain = preprocessor().crop(turned, upright)
    assert np.abs(aligned - level).mean() < 0.6 * np.abs(plain - level).mean()


def test_alignment_without_eyes_is_the_plain_crop() -> None:
    image = ramp()
    face = Face(20, 20, 90, 90)
    plain = preprocessor().crop(image, face)
    assert np.array_equal(preprocessor(align=True).crop(image, face), plain)


@pytest.mark.parametrize("size", [(1, 1), (1, 90), (30, 2)])
def test_alignment_takes_the_smallest_pictures(size: tuple[int, int]) -> None:
    patch = preprocessor(align=True).crop(np.full(size, 7, np.uint8), Face(0, 0, 1, 1))
    assert (patch == 7).all()
