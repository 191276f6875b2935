"""What training does to a face, on made-up faces."""

from __future__ import annotations

import numpy as np
import pytest

from convert.augmentation.image import ON_DEVICE, Augmentation
from convert.augmentation.occlusion import draw_glasses, draw_hands, draw_masks

FACES = np.random.default_rng(0).integers(0, 256, (64, 48, 48), np.uint8)


def test_augmented_faces_stay_in_range_and_follow_from_the_seed() -> None:
    once = Augmentation().apply(FACES, np.random.default_rng(3))
    again = Augmentation().apply(FACES, np.random.default_rng(3))
    assert once.dtype == np.float32
    assert once.shape == FACES.shape
    assert 0 <= once.min() <= once.max() <= 1
    assert np.array_equal(once, again)


def test_nothing_asked_for_changes_nothing() -> None:
    still = Augmentation(
        flip=False, rotation_deg=0, scale=0, shift=0, brightness=0, contrast=0, noise_share=0
    )
    assert np.allclose(still.apply(FACES, np.random.default_rng(0)) * 255, FACES, atol=1e-3)


def test_the_ramp_holds_the_noise_back_and_calm_lessens_it() -> None:
    flat = np.full((400, 48, 48), 128, np.uint8)
    noisy = Augmentation(brightness=0, contrast=0, noise_share=1.0)

    def share(augmentation: Augmentation, ramp: float = 1.0) -> float:
        out = augmentation.apply(flat, np.random.default_rng(1), ramp)
        return float((out.std(axis=(1, 2)) > 1e-4).mean())

    assert share(noisy, ramp=0.0) == 0
    assert share(noisy) > 0.95
    assert 0.3 < share(noisy.reduced()) < 0.5
    assert noisy.reduced().rotation_deg == noisy.rotation_deg / 2


def test_a_warp_is_of_each_face_alone_whatever_the_batch() -> None:
    """Faces are warped in one picture: none may bleed into its neighbour."""
    images = np.zeros((600, 48, 48), np.uint8)
    images[1::2] = 200
    warped = ON_DEVICE.warp(images, np.random.default_rng(2))
    assert not warped[::2].any()
    assert (warped[1::2] == 200).all()


def test_what_a_device_sees_is_stretched_whole_gray_levels() -> None:
    seen = ON_DEVICE.apply(FACES // 8, np.random.default_rng(4)) * 255
    assert np.allclose(seen, np.rint(seen), atol=1e-3)
    span = np.percentile(seen, 99, axis=(1, 2)) - np.percentile(seen, 1, axis=(1, 2))
    # All but what is flat or nearly so.
    assert (span > 99).mean() > 0.95


@pytest.mark.parametrize(
    ("draw", "rows"), [(draw_masks, (30, 48)), (draw_glasses, (11, 28)), (draw_hands, (10, 48))]
)
def test_what_covers_a_face_covers_its_own_place(draw: object, rows: tuple[int, int]) -> None:
    faces = np.full((50, 48, 48), 300.0, np.float32)
    assert callable(draw)
    draw(faces, np.random.default_rng(0))
    covered = (faces != 300).mean(axis=0)
    inside = covered[rows[0] : rows[1]].mean()
    assert inside > 0.1
    assert inside > 5 * covered[: min(rows[0], 8)].mean()
