"""A frame is converted when it is looked at, and says the same in every format."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.types import Frame

BGR = np.random.default_rng(3).integers(0, 256, (6, 8, 3)).astype(np.uint8)
BGR = cv2.resize(BGR, (64, 48), interpolation=cv2.INTER_LINEAR).astype(np.uint8)
I420 = cv2.cvtColor(BGR, cv2.COLOR_BGR2YUV_I420).astype(np.uint8)


def test_bgr_is_handed_out_as_it_is() -> None:
    assert Frame(BGR, 0.0, 0).image is BGR


def test_gray_is_handed_out_as_it_is() -> None:
    gray = BGR[:, :, 0].copy()
    frame = Frame(gray, 0.0, 0, "GRAY")
    assert frame.gray is gray
    assert frame.image.shape == (48, 64, 3)


def test_i420_shows_the_same_picture_as_bgr() -> None:
    frame, given = Frame(I420, 0.0, 0, "I420"), Frame(BGR, 0.0, 0)
    assert np.abs(frame.gray.astype(int) - given.gray).mean() < 1.5
    assert np.abs(frame.image.astype(int) - BGR).mean() < 12  # colours have a quarter of the pixels


@pytest.mark.parametrize("what", ["gray", "image"])
def test_padding_is_cut_off(what: str) -> None:
    padded = Frame(I420, 0.0, 0, "I420", padding_px=10)
    whole = getattr(Frame(I420, 0.0, 0, "I420"), what)
    assert np.array_equal(getattr(padded, what), whole[:, :54])


@pytest.mark.parametrize(
    ("pixel_format", "code"),
    [("YUYV", cv2.COLOR_BGR2YUV_YUYV), ("UYVY", cv2.COLOR_BGR2YUV_UYVY)],
)
def test_packed_luma_is_gray_and_its_colours_are_made(pixel_format: str, code: int) -> None:
    packed = cv2.cvtColor(BGR, code).astype(np.uint8)
    frame, given = Frame(packed, 0.0, 0, pixel_format), Frame(BGR, 0.0, 0)
    assert frame.gray.shape == given.gray.shape
    assert np.abs(frame.gray.astype(int) - given.gray).mean() < 2
    assert np.abs(frame.image.astype(int) - BGR).mean() < 12
