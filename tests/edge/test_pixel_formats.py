"""Pictures of every size and kind that a driver or a file may hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import SourceError
from edge.pixel_formats import as_bgr


def test_bgr_passes_without_a_copy() -> None:
    image = np.zeros((5, 7, 3), np.uint8)
    assert as_bgr(image) is image


@given(st.integers(1, 70), st.integers(1, 70), st.sampled_from([None, 1, 3, 4]))
def test_any_size_and_every_channel_count_becomes_bgr(
    height: int, width: int, channels: int | None
) -> None:
    shape = (height, width) if channels is None else (height, width, channels)
    given_image = np.random.default_rng(height * 71 + width).integers(0, 256, shape, np.uint8)
    image = as_bgr(given_image)
    assert image.shape == (height, width, 3)
    assert image.dtype == np.uint8
    if channels in (None, 1):
        assert (image == given_image.reshape(height, width, 1)).all()
    else:
        assert (image == given_image[:, :, :3]).all()


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 0), np.uint8),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((4, 4, 0), np.uint8),
        np.zeros((4,), np.uint8),
        np.zeros((1, 4, 4, 3), np.uint8),
        np.zeros((4, 6, 3), np.uint16),
        np.zeros((4, 6, 3), np.float32),
    ],
)
def test_what_cannot_be_taken_is_named_by_its_shape(image: np.ndarray) -> None:
    with pytest.raises(SourceError) as caught:
        as_bgr(image)
    assert str(image.shape) in str(caught.value)
    assert str(image.dtype) in str(caught.value)


def test_no_image_at_all_is_an_error() -> None:
    with pytest.raises(SourceError, match="NoneType"):
        as_bgr(None)
