"""A picture for the face search, as sharp and as full as what people benchmark with: 16 faces.

python pictures.py DATA FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

SIDE, COUNT = 160, 4


def main() -> None:
    data, folder = map(Path, sys.argv[1:])
    paths = sorted((data / "wild" / "pictures").glob("*.jpg"))[: COUNT * COUNT]
    grays = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in paths]
    tiles = [cv2.resize(gray, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for gray in grays]
    rows = [np.hstack(tiles[start : start + COUNT]) for start in range(0, COUNT * COUNT, COUNT)]
    mosaic = np.vstack(rows)
    for size in (320, 640):
        scaled = cv2.resize(mosaic, (size, size), interpolation=cv2.INTER_AREA)
        np.save(folder / f"{size}.npy", scaled)


if __name__ == "__main__":
    main()
