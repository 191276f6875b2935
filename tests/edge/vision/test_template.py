"""A face's looks are found again where it went, and nowhere where it is not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.types import Face, iou
from edge.vision.template import TemplateMatcher

WIDTH, HEIGHT = 320, 240
FEATURES = np.random.default_rng(8).integers(0, 256, (8, 8)).astype(np.uint8)


def frame_result(x: int, y: int, side: int, light: float = 1.0) -> np.ndarray:
    image = np.full((HEIGHT, WIDTH), 120, np.uint8)
    image[y : y + side, x : x + side] = cv2.resize(FEATURES, (side, side))
    return (image * light).astype(np.uint8)


@settings(max_examples=60, deadline=None)
@given(
    side=st.integers(24, 150),
    steps=st.tuples(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2)),
    light=st.floats(0.5, 1.0),
    data=st.data(),
)
def test_it_is_found_where_it_went_in_any_light(
    side: int, steps: tuple[float, float], light: float, data: st.DataObject
) -> None:
    x = data.draw(st.integers(0, WIDTH - side))
    y = data.draw(st.integers(0, HEIGHT - side))
    looks = TemplateMatcher.of(frame_result(x, y, side), Face(x, y, side, side))
    to_x = min(WIDTH - side, max(0, round(x + steps[0] * side)))
    to_y = min(HEIGHT - side, max(0, round(y + steps[1] * side)))
    found = looks.find(frame_result(to_x, to_y, side, light), Face(x, y, side, side, track_id=3))
    assert found is not None
    assert iou(found, Face(to_x, to_y, side, side)) > 0.85
    assert 0 <= found.x <= WIDTH - side
    assert 0 <= found.y <= HEIGHT - side
    assert (found.width, found.height, found.track_id) == (side, side, 3)


@pytest.mark.parametrize(
    "image",
    [
        np.full((HEIGHT, WIDTH), 120, np.uint8),
        frame_result(220, 20, 80),
        np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH)).astype(np.uint8),
    ],
    ids=["nothing", "elsewhere", "noise"],
)
def test_it_is_not_found_where_it_is_not(image: np.ndarray) -> None:
    face = Face(40, 100, 80, 80)
    assert TemplateMatcher.of(frame_result(40, 100, 80), face).find(image, face) is None


def test_an_even_patch_is_alike_nowhere() -> None:
    even = np.full((HEIGHT, WIDTH), 120, np.uint8)
    face = Face(40, 100, 80, 80)
    assert TemplateMatcher.of(even, face).find(even, face) is None


def test_a_place_outside_the_picture_holds_no_face() -> None:
    image = frame_result(40, 100, 80)
    looks = TemplateMatcher.of(image, Face(40, 100, 80, 80))
    assert looks.find(image, Face(-70, 100, 80, 80)) is None
    assert looks.find(image, Face(WIDTH + 40, 100, 80, 80)) is None
