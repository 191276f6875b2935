"""What training does to a face, on made-up faces."""

from __future__ import annotations

import numpy as np

from convert.augmentation.image import Augmentation

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
