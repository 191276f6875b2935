"""What happens to a face before a network sees it: light, focus, motion, distance, cover.

Blur and motion are in pixels of a picture of 48, and as much more in a larger one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.augmentation.image import NOISE_LEVELS, NOISE_SEED, noisy
from convert.augmentation.occlusion import Faces, draw_glasses, draw_hands, draw_masks

Image = NDArray[np.uint8]
Images = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Corruption:
    """`apply`: uint8 (n, height, width) or (n, height, width, 3), and a generator → the same,
    changed; its input stays."""

    name: str
    apply: Callable[[Images, np.random.Generator], Images]


CLEAN = Corruption("clean", lambda images, _: images)


def noise(level: float, seed: int = NOISE_SEED) -> Corruption:
    """The papers': X in [0, 1] → clip(X + level · N(0, 1), 0, 1); as `edge-convert verify` draws
    it, so the first seed's figures are those of the cards."""
    return Corruption(f"noise {level:g}", lambda images, _: noisy(images, level, seed))


def low_light(share: float) -> Corruption:
    """The light falls to `share`; what is lost in rounding stays lost."""
    return Corruption(
        f"low light {share:g}", lambda images, _: (images * np.float32(share)).astype(np.uint8)
    )


def blur(sigma_px: float) -> Corruption:
    def blurred(image: Image) -> object:
        return cv2.GaussianBlur(image, (0, 0), sigma_px * _scale(image))

    return _each(f"blur {sigma_px:g} px", blurred)


def motion(length_px: int) -> Corruption:
    """Sideways, over `length_px`."""

    def moved(image: Image) -> object:
        length = max(1, round(length_px * _scale(image)))
        return cv2.filter2D(image, -1, np.full((1, length), 1 / length, np.float32))

    return _each(f"motion {length_px} px", moved)


def _scale(image: Image) -> float:
    return float(min(image.shape[:2])) / 48


def small(side_px: int) -> Corruption:
    """A face of `side_px` in the frame, enlarged to what the network takes."""

    def downscaled(image: Image) -> object:
        tiny = cv2.resize(image, (side_px, side_px), interpolation=cv2.INTER_AREA)
        return cv2.resize(tiny, image.shape[1::-1])

    return _each(f"face of {side_px} px", downscaled)


def jpeg(quality: int) -> Corruption:
    def packed(image: Image) -> object:
        data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return cv2.imdecode(data, cv2.IMREAD_UNCHANGED)

    return _each(f"JPEG quality {quality}", packed)


def occlusion(share: float) -> Corruption:
    """A gray square over `share` of the area, anywhere."""

    def apply(images: Images, rng: np.random.Generator) -> Images:
        rows, columns = images.shape[1:3]
        height, width = round(rows * share**0.5), round(columns * share**0.5)
        covered = images.copy()
        for image in covered:
            top, left = rng.integers(0, (rows - height + 1, columns - width + 1))
            image[top : top + height, left : left + width] = 128
        return covered

    return Corruption(f"occlusion {share:.0%}", apply)


def covered(name: str, draw: Callable[[Faces, np.random.Generator], None]) -> Corruption:
    """By what training draws too (`convert.augmentation.occlusion`), drawn anew."""

    def apply(images: Images, rng: np.random.Generator) -> Images:
        faces = images.astype(np.float32)
        drawn_from = rng.bit_generator.state
        for channel in np.moveaxis(faces, 3, 0) if faces.ndim == 4 else [faces]:
            # The same in every channel; a hand's tone is that of its face there.
            rng.bit_generator.state = drawn_from
            draw(channel, rng)
        return np.asarray(np.rint(faces.clip(0, 255)), np.uint8)

    return Corruption(name, apply)


def turned(degrees: float) -> Corruption:
    """In the picture's plane, one half of the faces each way."""

    def apply(images: Images, rng: np.random.Generator) -> Images:
        angles = np.where(rng.random(len(images)) < 0.5, degrees, -degrees)
        return np.stack([_moved(*face) for face in zip(images, angles, strict=True)])

    return Corruption(f"turned {degrees:g}°", apply)


def jitter(share: float) -> Corruption:
    """The box moved and scaled by up to `share` of its side."""

    def apply(images: Images, rng: np.random.Generator) -> Images:
        n, height, width = images.shape[:3]
        moved = rng.uniform(-share, share, (n, 3))
        return np.stack(
            [
                _moved(image, 0.0, 1 + zoom, dx * width, dy * height)
                for image, (zoom, dx, dy) in zip(images, moved, strict=True)
            ]
        )

    return Corruption(f"box jitter {share:.0%}", apply)


def _moved(
    image: Image, degrees: float, zoom: float = 1.0, dx: float = 0.0, dy: float = 0.0
) -> Image:
    height, width = image.shape[:2]
    centre = ((width - 1) / 2, (height - 1) / 2)
    matrix = cv2.getRotationMatrix2D(centre, float(degrees), zoom).astype(np.float64)
    matrix[:, 2] += np.array((dx, dy))
    moved = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def _each(name: str, change: Callable[[Image], object]) -> Corruption:
    """One that changes each picture by itself."""

    def apply(images: Images, _: np.random.Generator) -> Images:
        return np.stack([np.asarray(change(image), np.uint8) for image in images])

    return Corruption(name, apply)


PAPERS_NOISE = tuple(noise(level) for level in NOISE_LEVELS)
BEYOND = (
    *(blur(sigma) for sigma in (1, 2, 3)),
    *(motion(length) for length in (3, 7, 11)),
    *(low_light(share) for share in (0.5, 0.3, 0.25, 0.1, 0.05)),
    *(small(side) for side in (32, 24, 16)),
    *(jpeg(quality) for quality in (50, 20, 10)),
    *(occlusion(share) for share in (0.1, 0.25, 0.4)),
    covered("mask", draw_masks),
    covered("dark glasses", draw_glasses),
    covered("hand", draw_hands),
    *(turned(degrees) for degrees in (15, 30)),
    jitter(0.08),
)
NOISE_SEEDS = tuple(range(NOISE_SEED, NOISE_SEED + 5))
"""A figure in noise is a mean over these."""
