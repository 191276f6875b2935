"""Decision 0015's figures of faces of 24 px: python docs/decisions/0015_small.py DATA

How many of 30 are found, and how many of 700 crops without a face (Haar's hard negatives, in ten
mosaics) are taken for faces: by plain Haar and by a still's search, both from 24 px on.
"""

import sys
from pathlib import Path

import cv2
import numpy as np

from benchmarks.suites.face_search import recall
from benchmarks.suites.face_search.baselines import NaiveSearch
from edge.settings.sections import DetectionSettings
from edge.vision.full_search import FullSearch

SIDE_PX, EACH = 24, 70


def main() -> None:
    data = Path(sys.argv[1])
    cv2.setNumThreads(1)
    pictures = recall._pictures(data / "wild" / "pictures", 30)
    small = recall._sizer(SIDE_PX)
    stills = [small(recall._referenced(recall._with_border(gray))) for gray in pictures]
    with np.load(data / "nonface" / "nonface.npz") as archive:
        crops = archive["images"][: 10 * EACH].reshape(10, 7, 10, 64, 64)
    mosaics = crops.transpose(0, 1, 3, 2, 4).reshape(10, 448, 640)
    settings = DetectionSettings(min_face_px=SIDE_PX)
    ways = {"plain Haar": NaiveSearch(settings), "a still's search": FullSearch.of_stills(settings)}
    for name, search in ways.items():
        found = sum(any(recall._on(box, still.face) for box in search.find(still.gray, 0.0, []))
                    for still in stills)  # fmt: skip
        false = sum(len(search.find(mosaic, 0.0, [])) for mosaic in mosaics)
        print(f"{name}: {found} of {len(stills)} found, {false} of {10 * EACH} false", flush=True)


main()
