"""A shipped network on pictures of people that no training met; nothing is chosen by them.

    python docs/decisions/0012_wild.py WILD.csv [MODEL]

WILD.csv has the columns `file` and `label` (happy, neutral); the pictures lie in `pictures/` beside
it. The largest face by plain Haar (1.1, 5, 48 px) is cut, or the whole picture where there is none.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.predict import predict
from edge.models import find
from edge.settings.sections import PreprocessSettings
from edge.types import Face
from edge.vision.cascade import load_cascade
from edge.vision.preprocess import Preprocessor

MARGINS = (0.0, 0.15)


def main(table: str, model: str = "edge_net") -> None:
    network = find(model)
    rows = list(csv.DictReader(Path(table).read_text(encoding="utf-8").splitlines()))
    folder = Path(table).parent / "pictures"
    pictures = [_gray(folder / Path(row["file"]).name) for row in rows]
    cascade = load_cascade("haarcascade_frontalface_default")
    boxes = [_largest(cascade, picture) for picture in pictures]
    truth = np.array([network.card.labels.index(row["label"]) for row in rows])
    for margin in MARGINS:
        crop = Preprocessor(PreprocessSettings(margin=margin)).crop
        cut = np.stack([crop(*pair) for pair in zip(pictures, boxes, strict=True)])
        scores = predict(network, cut)
        said = scores.max(axis=1) >= network.card.floor
        named = scores.argmax(axis=1)
        right = named == truth
        gloomy = np.isin(named, [network.card.labels.index(label) for label in ("sad", "angry")])
        neutral = truth == network.card.labels.index("neutral")
        print(
            f"{network.card.name}, margin {margin:g}: {right.mean():.3f} right of {len(truth)}; "
            f"unknown {1 - said.mean():.3f}, right of the others {right[said].mean():.3f}; "
            f"neutral called sad or angry {gloomy[neutral].mean():.3f}"
        )


def _gray(path: Path) -> NDArray[np.uint8]:
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.uint8)


def _largest(cascade: cv2.CascadeClassifier, gray: NDArray[np.uint8]) -> Face:
    found = cascade.detectMultiScale(gray, 1.1, 5, minSize=(48, 48))
    x, y, width, height = (
        max(found, key=lambda box: box[2]) if len(found) else (0, 0, *gray.shape[::-1])
    )
    return Face(int(x), int(y), int(width), int(height), 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
