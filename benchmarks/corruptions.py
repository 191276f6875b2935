"""What happens to a face before it is a 48x48 picture: light, focus, motion, distance, cover."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.augment import NOISE_LEVELS, add_noise

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Corruption:
    """`apply`: uint8 (48, 48) and a generator → uint8 (48, 48)."""

    name: str
    apply: Callable[[Image, np.random.Generator], Image]


def noise(level: float) -> Corruption:
    """The papers': X in [0, 1] → clip(X + level · N(0, 1), 0, 1)."""

    def apply(image: Image, rng: np.random.Generator) -> Image:
        noisy = add_noise((image / 255).astype(np.float32), level, rng)
        return np.rint(noisy * 255).astype(np.uint8)

    return Corruption(f"noise {level:g}", apply)


def low_light(share: float) -> Corruption:
    """The light falls to `share`; what is lost in rounding stays lost."""
    return Corruption(
        f"low light {share:g}", lambda image, _: (image * np.float32(share)).astype(np.uint8)
    )


def blur(sigma_px: float) -> Corruption:
    return Corruption(
        f"blur {sigma_px:g} px",
        lambda image, _: np.asarray(cv2.GaussianBlur(image, (0, 0), sigma_px), np.uint8),
    )


def motion(length_px: int) -> Corruption:
    """Sideways, over `length_px`."""
    kernel = np.full((1, length_px), 1 / length_px, np.float32)
    return Corruption(
        f"motion {length_px} px",
        lambda image, _: np.asarray(cv2.filter2D(image, -1, kernel), np.uint8),
    )


def small(side_px: int) -> Corruption:
    """A face of `side_px` in the frame, enlarged to 48."""

    def apply(image: Image, _: np.random.Generator) -> Image:
        tiny = cv2.resize(image, (side_px, side_px), interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(tiny, image.shape[::-1]), np.uint8)

    return Corruption(f"face of {side_px} px", apply)


def jpeg(quality: int) -> Corruption:
    def apply(image: Image, _: np.random.Generator) -> Image:
        packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)

    return Corruption(f"JPEG quality {quality}", apply)


def occlusion(share: float) -> Corruption:
    """A gray square over `share` of the area, anywhere."""

    def apply(image: Image, rng: np.random.Generator) -> Image:
        side = round(image.shape[0] * share**0.5)
        top, left = rng.integers(0, image.shape[0] - side + 1, 2)
        covered = image.copy()
        covered[top : top + side, left : left + side] = 128
        return covered

    return Corruption(f"occlusion {share:.0%}", apply)


PAPERS_NOISE = tuple(noise(level) for level in NOISE_LEVELS)
BEYOND = (
    *(blur(sigma) for sigma in (1, 2, 3)),
    *(motion(length) for length in (3, 7, 11)),
    *(low_light(share) for share in (0.5, 0.3, 0.1)),
    *(small(side) for side in (32, 24, 16)),
    *(jpeg(quality) for quality in (50, 20, 10)),
    *(occlusion(share) for share in (0.1, 0.25, 0.4)),
)
