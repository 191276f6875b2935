"""Quick shrinking is still the mean."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.vision.resize import downscale


@pytest.mark.parametrize("size", [(48, 48), (391, 391), (720, 1280), (97, 801), (30, 30)])
def test_it_is_the_mean_to_a_level_or_two(size: tuple[int, int]) -> None:
    rows, columns = np.mgrid[: size[0], : size[1]]
    image = (120 * rows / size[0] + 120 * columns / size[1]).astype(np.uint8)
    small = downscale(image, 48, 48)
    straight = cv2.resize(image, (48, 48), interpolation=cv2.INTER_AREA)
    assert small.shape == (48, 48)
    assert small.dtype == np.uint8
    assert np.abs(small.astype(int) - straight).max() <= 3


def test_a_power_of_two_is_exact_and_nothing_aliases() -> None:
    image = np.indices((480, 640)).sum(axis=0).astype(np.uint8) % 2 * 200
    assert set(np.unique(downscale(image.astype(np.uint8), 80, 60))) == {100}
