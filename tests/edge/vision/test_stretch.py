"""The step of light that training and the device share."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.vision.stretch import LEAST_RANGE, stretch


def ramp(low: int, high: int) -> np.ndarray:
    return np.linspace(low, high, 48 * 48).round().astype(np.uint8).reshape(48, 48)


def test_a_face_in_little_light_comes_to_span_the_whole_scale() -> None:
    dark = stretch(ramp(3, 25))
    assert dark.min() == 0
    assert dark.max() == 255
    assert 120 < dark.mean() < 135


def test_a_face_in_good_light_is_the_very_same_array() -> None:
    bright = ramp(20, 20 + LEAST_RANGE + 5)
    assert stretch(bright) is bright


def test_a_few_bright_pixels_do_not_hide_the_dark() -> None:
    dark = ramp(3, 25)
    dark[0, :20] = 255
    assert stretch(dark)[24].mean() > 100


def test_a_flat_patch_stays_flat() -> None:
    flat = np.full((48, 48), 17, np.uint8)
    assert np.array_equal(stretch(flat), flat)


def test_a_batch_is_each_by_itself() -> None:
    batch = np.stack([ramp(3, 25), ramp(0, 255), np.full((48, 48), 90, np.uint8)])
    alone = np.stack([stretch(patch) for patch in batch])
    assert np.array_equal(stretch(batch), alone)


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=50)
def test_no_gray_level_overtakes_another(one: int, other: int, seed: int) -> None:
    low, high = sorted((one, other))
    patch = np.random.default_rng(seed).integers(low, high + 1, (48, 48)).astype(np.uint8)
    order = np.argsort(patch, axis=None, kind="stable")
    assert (np.diff(stretch(patch).ravel()[order].astype(int)) >= 0).all()
