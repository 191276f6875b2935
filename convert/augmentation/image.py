"""What a training face may look like on a device: turned, moved, covered, lit, blurred, noisy.

A batch is one array: its faces are warped by one call of OpenCV and lit by array operations,
so that making the data costs a small part of a training step. What comes out is whole gray
levels, as the device sees it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.augmentation.occlusion import cover
from edge.vision.stretch import stretch

NOISE_LEVELS = (0.005, 0.01, 0.03, 0.05, 0.08, 0.10, 0.15, 0.20, 0.25, 0.30)
_AT_ONCE = 512
"""Faces a call of `cv2.remap`, whose pictures are at most 32,767 rows high."""


@dataclass(frozen=True, slots=True)
class Augmentation:
    """Ranges drawn from for each face; zero turns one off.

    rotation_deg: at most this much, usually less: normal, with a deviation of 0.4 of it
    scale, shift: shares of the side, symmetric about "unchanged"; `margin` is added to the
        scale's outer end, as a detector's box may be wider than the data set's crop
    brightness, contrast: symmetric about "unchanged"
    dark_share: of the faces are dimmed to between `dark_least` and a half of their light
    cover_share: of the faces wear a mask or glasses, or have a hand before them
    blur_share: of the faces are out of focus, or were small; as many are JPEG of low quality
    noise_share: of the faces get noise of a level in [0, `noise_max`]
    stretch: what comes out went through the device's `edge.vision.stretch`
    """

    flip: bool = True
    rotation_deg: float = 10.0
    scale: float = 0.10
    margin: float = 0.0
    shift: float = 0.08
    brightness: float = 0.10
    contrast: float = 0.20
    dark_share: float = 0.0
    dark_least: float = 0.05
    cover_share: float = 0.0
    blur_share: float = 0.0
    noise_share: float = 0.35
    noise_max: float = 0.30
    stretch: bool = False

    def reduced(self) -> Augmentation:
        """Half the warps and 0.4 of the rest: for the last epochs, nearer to what will be seen."""
        return replace(
            self,
            rotation_deg=self.rotation_deg / 2,
            scale=self.scale / 2,
            shift=self.shift / 2,
            margin=self.margin / 2,
            dark_share=0.4 * self.dark_share,
            cover_share=0.4 * self.cover_share,
            blur_share=0.4 * self.blur_share,
            noise_share=0.4 * self.noise_share,
        )

    def apply(
        self, images: NDArray[np.uint8], rng: np.random.Generator, noise_ramp: float = 1.0
    ) -> NDArray[np.float32]:
        """uint8 (n, 48, 48) → float32 (n, 48, 48) in [0, 1]; `noise_ramp` scales `noise_share`."""
        faces = self.warp(images, rng).astype(np.float32)
        _some(faces, self.cover_share, rng, cover)
        self._light(faces, rng)
        _some(faces, self.blur_share, rng, _blur)
        _some(faces, self.blur_share, rng, _compress)
        _some(faces, self.noise_share * noise_ramp, rng, self._noise)
        seen = np.rint(np.clip(faces, 0, 255)).astype(np.uint8)
        if self.stretch:
            seen = stretch(seen)
        return seen.astype(np.float32) / np.float32(255)

    def warp(self, images: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        """The faces as a jittered box would cut them: uint8 (n, 48, 48), edges repeated."""
        n, side = images.shape[:2]
        sd = 0.4 * self.rotation_deg
        angle = np.radians(np.clip(rng.normal(0, sd, n), -self.rotation_deg, self.rotation_deg))
        zoom = 1 + rng.uniform(-self.scale, self.scale + 2 * self.margin, n)
        dx, dy = rng.uniform(-self.shift, self.shift, (2, n)) * side
        mirror = np.where(self.flip & (rng.random(n) < 0.5), -1.0, 1.0)
        if not (self.flip or self.rotation_deg or self.scale or self.margin or self.shift):
            return images
        centre = (side - 1) / 2
        place = np.arange(side, dtype=np.float32) - np.float32(centre)
        down, across = place[None, :, None], place[None, None, :] * _column(mirror)
        cos, sin = _column(zoom * np.cos(angle)), _column(zoom * np.sin(angle))
        x = (cos * across - sin * down + _column(centre + dx)).clip(0, side - 1)
        y = (sin * across + cos * down + _column(centre + dy)).clip(0, side - 1)
        out = np.empty_like(images)
        for start in range(0, n, _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            tall = np.ascontiguousarray(images[part]).reshape(-1, side)
            rows = y[part] + side * np.arange(len(x[part]), dtype=np.float32)[:, None, None]
            cv2.remap(
                tall,
                x[part].reshape(-1, side),
                rows.reshape(-1, side),
                cv2.INTER_LINEAR,
                dst=out[part].reshape(-1, side),
                borderMode=cv2.BORDER_REPLICATE,
            )
        return out

    def _light(self, faces: NDArray[np.float32], rng: np.random.Generator) -> None:
        n = len(faces)
        gain = _column(rng.uniform(1 - self.contrast, 1 + self.contrast, n))
        offset = _column(rng.uniform(-self.brightness, self.brightness, n))
        # Contrast about the middle of the scale: x ↦ g (x − ½) + ½ + b, with x = level / 255.
        faces *= gain
        faces += 255 * (0.5 - 0.5 * gain + offset)
        np.clip(faces, 0, 255, out=faces)
        _some(faces, self.dark_share, rng, self._dim)

    def _dim(self, faces: NDArray[np.float32], rng: np.random.Generator) -> None:
        low, high = np.log(self.dark_least), np.log(0.5)
        faces *= _column(np.exp(rng.uniform(low, high, len(faces))))
        # A sensor's own noise, about a level, stays as it is when the light goes.
        faces += _column(rng.uniform(0, 1.5, len(faces))) * _normal(faces, rng)

    def _noise(self, faces: NDArray[np.float32], rng: np.random.Generator) -> None:
        levels = _column(rng.uniform(0, 255 * self.noise_max, len(faces)))
        faces += levels * _normal(faces, rng)


NO_AUGMENTATION = Augmentation(
    flip=False, rotation_deg=0, scale=0, shift=0, brightness=0, contrast=0, noise_share=0
)
ON_DEVICE = Augmentation(
    rotation_deg=20,
    scale=0.10,
    margin=0.04,
    shift=0.08,
    dark_share=0.06,
    cover_share=0.12,
    blur_share=0.04,
    noise_share=0.30,
    stretch=True,
)
"""What a device's own search, light and lens do to a face."""


def add_noise(
    images: NDArray[np.float32], level: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """The papers' noise: X in [0, 1] → clip(X + level · N(0, 1), 0, 1)."""
    noisy = images + np.float32(level) * rng.standard_normal(images.shape, np.float32)
    return np.clip(noisy, 0, 1, out=noisy)


def _some(
    faces: NDArray[np.float32],
    share: float,
    rng: np.random.Generator,
    change: Callable[[NDArray[np.float32], np.random.Generator], None],
) -> None:
    """`change` a random `share` of the faces, in place."""
    chosen = rng.random(len(faces)) < share
    if chosen.any():
        some = faces[chosen]
        change(some, rng)
        faces[chosen] = some


def _blur(faces: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Out of focus, or small before it was enlarged, each for one half."""
    side = faces.shape[1]
    for face, small, amount in zip(
        faces, rng.random(len(faces)) < 0.5, rng.random(len(faces)), strict=True
    ):
        if small:
            size = round(side * (0.4 + 0.45 * amount))
            little = cv2.resize(face, (size, size), interpolation=cv2.INTER_AREA)
            face[:] = cv2.resize(little, (side, side), interpolation=cv2.INTER_LINEAR)
        else:
            face[:] = cv2.GaussianBlur(face, (0, 0), 0.5 + 1.2 * amount)


def _compress(faces: NDArray[np.float32], rng: np.random.Generator) -> None:
    """JPEG of a quality from 15 to 75."""
    for face, quality in zip(faces, rng.integers(15, 76, len(faces)), strict=True):
        _, code = cv2.imencode(
            ".jpg",
            np.rint(face.clip(0, 255)).astype(np.uint8),
            (cv2.IMWRITE_JPEG_QUALITY, int(quality)),
        )
        face[:] = cv2.imdecode(code, cv2.IMREAD_GRAYSCALE)


def _normal(faces: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    return rng.standard_normal(faces.shape, np.float32)


def _column(values: NDArray[np.float64]) -> NDArray[np.float32]:
    return values.astype(np.float32)[:, None, None]


NOISE_SEED = 7


def noisy(images: NDArray[np.uint8], level: float, seed: int = NOISE_SEED) -> NDArray[np.uint8]:
    """uint8 images with the papers' noise of `level`, the same one every time."""
    if not level:
        return images
    rng = np.random.default_rng((seed, round(level * 1000)))
    noised = add_noise(images.astype(np.float32) / np.float32(255), level, rng)
    return np.rint(noised * 255).astype(np.uint8)
