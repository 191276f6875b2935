"""What blending two trainings is worth: PublicTest clean, at noise 0.30, and masked, in float32.

python docs/decisions/0012_blend.py FER2013 BEFORE.keras AFTER.keras
"""

from __future__ import annotations

import sys
from pathlib import Path

import keras
import numpy as np

from convert.augmentation.image import noisy
from convert.augmentation.occlusion import draw_masks
from convert.datasets import fer2013
from convert.evaluation.corruptions import covered
from edge.vision.stretch import stretch

SHARES = (0.0, 0.5, 0.75, 0.9, 1.0)


def main(data: str, before: str, after: str) -> None:
    faces = fer2013.load(Path(data)).part("PublicTest")
    masked = covered("mask", draw_masks).apply(faces.images, np.random.default_rng(1))
    shown = {"clean": faces.images, "noise 0.30": noisy(faces.images, 0.30), "mask": masked}
    network, other = (keras.models.load_model(path, compile=False) for path in (before, after))
    first, second = network.get_weights(), other.get_weights()
    for share in SHARES:
        pairs = zip(first, second, strict=True)
        network.set_weights([(1 - share) * one + share * two for one, two in pairs])
        line = [f"share {share:g}"]
        for name, images in shown.items():
            scores = network.predict((stretch(images) / np.float32(255))[..., None], verbose=0)
            line.append(f"{name} {(scores.argmax(axis=1) == faces.labels).mean():.4f}")
        print(", ".join(line))


if __name__ == "__main__":
    main(*sys.argv[1:])
