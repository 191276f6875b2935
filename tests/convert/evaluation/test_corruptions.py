"""Each corruption keeps the picture's form, follows the seed, and does what its name says."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from convert.evaluation.corruptions import (
    BEYOND,
    NOISE_SEEDS,
    PAPERS_NOISE,
    Corruption,
    blur,
    jitter,
    jpeg,
    low_light,
    motion,
    noise,
    occlusion,
    small,
    turned,
)

ALL = (*PAPERS_NOISE, *BEYOND)


@pytest.fixture
def image() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (48, 48), np.uint8)


def apply(corruption: Corruption, image: NDArray[np.uint8], seed: int = 1) -> NDArray[np.uint8]:
    return corruption.apply(image[None], np.random.default_rng(seed))[0]


def distance(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    return float(np.abs(a.astype(float) - b).mean())


@pytest.mark.parametrize("corruption", ALL, ids=lambda c: c.name)
def test_a_corrupted_face_is_still_a_face_picture(
    corruption: Corruption, image: NDArray[np.uint8]
) -> None:
    before = image.copy()
    found = apply(corruption, image)
    assert found.shape == (48, 48)
    assert found.dtype == np.uint8
    assert (image == before).all()
    assert (found != image).any()
    assert (apply(corruption, image) == found).all()


@pytest.mark.parametrize("corruption", ALL, ids=lambda c: c.name)
@pytest.mark.parametrize("shape", [(96, 96, 3), (64, 40)], ids=str)
def test_any_size_and_colours(corruption: Corruption, shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, *shape), np.uint8)
    found = corruption.apply(images, np.random.default_rng(1))
    assert (found.shape, found.dtype) == (images.shape, np.uint8)
    assert (found != images).any()


def test_three_channels_that_are_alike_stay_alike() -> None:
    gray = np.random.default_rng(0).integers(0, 256, (2, 48, 48), np.uint8)
    for corruption in BEYOND:
        if not corruption.name.startswith("JPEG"):
            alone = corruption.apply(gray, np.random.default_rng(1))
            colours = np.repeat(gray[..., None], 3, axis=-1)
            together = corruption.apply(colours, np.random.default_rng(1))
            assert (together == alone[..., None]).all(), corruption.name


def test_names_are_unique() -> None:
    assert len({c.name for c in ALL}) == len(ALL)


def test_the_papers_noise_has_its_ten_levels() -> None:
    levels = [0.005, 0.01, 0.03, 0.05, 0.08, 0.1, 0.15, 0.2, 0.25, 0.3]
    assert [c.name for c in PAPERS_NOISE] == [f"noise {level}" for level in levels]


def test_noise_has_the_level_it_names() -> None:
    gray = np.full((48, 48), 128, np.uint8)
    found = apply(noise(0.10), gray) / 255
    assert found.std() == pytest.approx(0.10, abs=0.005)
    assert found.mean() == pytest.approx(0.5, abs=0.01)


def test_low_light_darkens(image: NDArray[np.uint8]) -> None:
    assert apply(low_light(0.3), image).mean() == pytest.approx(image.mean() * 0.3, abs=1)


def test_occlusion_covers_the_share_it_names() -> None:
    covered = (apply(occlusion(0.25), np.zeros((48, 48), np.uint8)) == 128).mean()
    assert covered == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("mild", "harsh"),
    [
        (blur(1), blur(3)),
        (motion(3), motion(11)),
        (small(32), small(16)),
        (jpeg(50), jpeg(10)),
        (noise(0.05), noise(0.30)),
    ],
    ids=lambda c: c.name,
)
def test_more_of_it_changes_more(
    mild: Corruption, harsh: Corruption, image: NDArray[np.uint8]
) -> None:
    assert distance(apply(mild, image), image) < distance(apply(harsh, image), image)


def test_what_moves_a_face_moves_it_by_as_much_as_it_says() -> None:
    image = np.zeros((48, 48), np.uint8)
    image[20:28, 20:28] = 255
    assert distance(apply(turned(15), image), image) < distance(apply(turned(30), image), image)
    places = [np.argwhere(apply(jitter(0.08), image, seed) > 128).mean(axis=0) for seed in range(9)]
    away = np.abs(np.array(places) - 23.5)
    assert 0.5 < away.max() <= 0.08 * 48 + 0.5


def test_noise_of_another_seed_is_another_draw_of_the_same_level() -> None:
    gray = np.full((48, 48), 128, np.uint8)
    one, other = (apply(noise(0.1, seed), gray) for seed in NOISE_SEEDS[:2])
    assert (one != other).any()
    assert one.std() == pytest.approx(other.std(), rel=0.1)
