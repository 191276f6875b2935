"""What a training face may look like on a device: turned, moved, lit, and noisy."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

NOISE_LEVELS = (0.005, 0.01, 0.03, 0.05, 0.08, 0.10, 0.15, 0.20, 0.25, 0.30)


@dataclass(frozen=True, slots=True)
class Augmentation:
    """Ranges drawn from for each face; zero turns one off.

    rotation_deg, scale, shift (share of the side), brightness and contrast are symmetric
    about "unchanged"; `noise_share` of the faces get noise of a level in [0, `noise_max`].
    """

    flip: bool = True
    rotation_deg: float = 10.0
    scale: float = 0.10
    shift: float = 0.08
    brightness: float = 0.10
    contrast: float = 0.20
    noise_share: float = 0.35
    noise_max: float = 0.30

    def reduced(self) -> Augmentation:
        """Half the warps and 0.4 of the noise: for the last epochs, nearer to what will be seen."""
        return replace(
            self,
            rotation_deg=self.rotation_deg / 2,
            scale=self.scale / 2,
            shift=self.shift / 2,
            noise_share=0.4 * self.noise_share,
        )

    def apply(
        self, images: NDArray[np.uint8], rng: np.random.Generator, noise_ramp: float = 1.0
    ) -> NDArray[np.float32]:
        """uint8 (n, 48, 48) → float32 (n, 48, 48) in [0, 1]; `noise_ramp` scales `noise_share`."""
        out = np.empty(images.shape, np.float32)
        for source, target in zip(images, out, strict=True):
            target[:] = self._warp(source, rng)
        self._light(out, rng)
        noisy = rng.random(len(out)) < self.noise_share * noise_ramp
        if noisy.any():
            levels = rng.uniform(0, self.noise_max, (int(noisy.sum()), 1, 1)).astype(np.float32)
            out[noisy] += levels * rng.standard_normal(out[noisy].shape, np.float32)
        return np.clip(out, 0, 1, out=out)

    def _warp(self, image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        angle, zoom, dx, dy, flip = rng.uniform(-1, 1, 5)
        side = image.shape[0]
        centre = (side - 1) / 2
        matrix = cv2.getRotationMatrix2D(
            (centre, centre), angle * self.rotation_deg, 1 + zoom * self.scale
        )
        matrix[:, 2] += (dx * self.shift * side, dy * self.shift * side)
        if self.flip and flip < 0:
            matrix[:, 2] += matrix[:, 0] * (side - 1)
            matrix[:, 0] *= -1
        warped = cv2.warpAffine(
            image, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(warped, np.uint8)

    def _light(self, out: NDArray[np.float32], rng: np.random.Generator) -> None:
        n = len(out)
        gain = rng.uniform(1 - self.contrast, 1 + self.contrast, (n, 1, 1)).astype(np.float32)
        offset = rng.uniform(-self.brightness, self.brightness, (n, 1, 1)).astype(np.float32)
        # Contrast about the middle of the scale: x ↦ g (x − ½) + ½ + b, with x = byte / 255.
        out *= gain / 255
        out += 0.5 - 0.5 * gain + offset


NO_AUGMENTATION = Augmentation(
    flip=False, rotation_deg=0, scale=0, shift=0, brightness=0, contrast=0, noise_share=0
)


def add_noise(
    images: NDArray[np.float32], level: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """The papers' noise: X in [0, 1] → clip(X + level · N(0, 1), 0, 1)."""
    noisy = images + np.float32(level) * rng.standard_normal(images.shape, np.float32)
    return np.clip(noisy, 0, 1, out=noisy)


NOISE_SEED = 7


def noisy(images: NDArray[np.uint8], level: float) -> NDArray[np.uint8]:
    """uint8 images with the papers' noise of `level`, the same one every time."""
    if not level:
        return images
    rng = np.random.default_rng((NOISE_SEED, round(level * 1000)))
    noised = add_noise(images.astype(np.float32) / np.float32(255), level, rng)
    return np.rint(noised * 255).astype(np.uint8)
