"""Dark and flat pictures are drawn out, others are left alone."""

from __future__ import annotations

import numpy as np
import pytest

from edge.vision.light import percentiles, stretched

RAMP = np.tile(np.linspace(0, 255, 200).astype(np.uint8), (150, 1))


def test_a_picture_of_wide_range_is_itself() -> None:
    assert stretched(RAMP) is RAMP


@pytest.mark.parametrize("share", [0.3, 0.1, 0.05])
def test_a_dark_picture_fills_the_range(share: float) -> None:
    dark = (RAMP * share).astype(np.uint8)
    drawn = stretched(dark)
    assert drawn.shape == dark.shape
    assert drawn.dtype == np.uint8
    assert np.percentile(drawn, 98) - np.percentile(drawn, 2) > 230
    assert np.abs(drawn.astype(int) - RAMP).mean() < 12


def test_an_even_picture_stays_nearly_even() -> None:
    noise = np.random.default_rng(1).integers(100, 103, (150, 200)).astype(np.uint8)
    assert np.ptp(stretched(noise)) < 60


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1)])
def test_any_size_will_do(size: tuple[int, int]) -> None:
    assert stretched(np.full(size, 7, np.uint8)).shape == size


@pytest.mark.parametrize("seed", range(50))
def test_percentiles_are_numpys_to_the_last_bit(seed: int) -> None:
    random = np.random.default_rng(seed)
    height, width = random.integers(1, 130, 2)
    gray = random.integers(0, 256, (height, 3 * width)).astype(np.uint8) // random.integers(1, 9)
    pixels = gray.astype(np.uint8)[:, ::3]
    assert percentiles(pixels, (1, 99)) == np.percentile(pixels, (1, 99)).tolist()
