"""Decision 0015's tilted faces in stills: python docs/decisions/0015_composites.py DATA [COUNT]

Pictures of 640x480: four FER2013 training faces of 52 to 200 px, upright or tilted by 15 to 45
degrees, blended into patches without a face. Printed: faces found and false ones of all, and CPU
ms a picture, of plain Haar, of the search of stills, and of it with tilted faces searched for on
those that are found too; in full light and in little.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.datasets import fer2013, nonface
from edge.settings.sections import DetectionSettings
from edge.types import Face, iou
from edge.vision import open_detector
from edge.vision.boxes import without_nested
from edge.vision.full_search import FullSearch
from edge.vision.tilt import TILTS, find_tilted

Gray = NDArray[np.uint8]
Scene = tuple[Gray, list[Face]]
Search = Callable[[Gray], Sequence[Face]]

ANGLES = (-45, -30, -15, 15, 30, 45)
SIDES_PX = (52, 200)
NOISE_LEVELS = 1.0


def main() -> None:
    data, count = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 40
    cv2.setNumThreads(1)
    faces = fer2013.load(data / "fer2013/fer2013.npz").part("Training").images
    patches = nonface.load(data / "nonface/nonface.npz", nonface.HALVES[0])
    searches: dict[str, Search] = {
        "plain Haar": plain(),
        "ours": lambda gray: FULL.find(gray, 0.0, []),
        "ours, tilted everywhere": tilted_everywhere,
    }
    for seed, angles in ((0, (0,)), (5, ANGLES)):
        rng = np.random.default_rng(seed)
        scenes = [scene(rng, faces, patches, angles) for _ in range(count)]
        for light in (1.0, 0.25, 0.1):
            lit = [(in_light(rng, gray, light), true) for gray, true in scenes]
            for name, search in searches.items():
                kind = "tilted" if len(angles) > 1 else "upright"
                print(f"{kind}, light x{light:g}, {name}: {counted(search, lit)}", flush=True)


def scene(rng: np.random.Generator, faces: Gray, patches: Gray, angles: tuple[int, ...]) -> Scene:
    tiles = [cv2.resize(patch, (160, 160)) for patch in patches[rng.choice(len(patches), 12)]]
    gray = np.vstack([np.hstack(tiles[row : row + 4]) for row in (0, 4, 8)])
    true = []
    for quarter in range(4):
        side = int(np.exp(rng.uniform(*np.log(SIDES_PX))))
        x = 320 * (quarter % 2) + int(rng.integers(0, 320 - side))
        y = 240 * (quarter // 2) + int(rng.integers(0, 240 - side))
        angle = int(rng.choice(angles))
        blend(gray[y : y + side, x : x + side], faces[rng.integers(len(faces))], angle)
        true.append(Face(x, y, side, side, angle=angle))
    return gray, true


def blend(place: Gray, face: Gray, angle: int) -> None:
    """An oval of the face, turned clockwise, into `place`."""
    side = len(place)
    oval = np.zeros((side, side), np.float32)
    axes = (int(side * 0.48), side // 2)
    cv2.ellipse(oval, (side // 2, side // 2), axes, 0, 0, 360, 1.0, -1)
    soft = cv2.GaussianBlur(oval, (0, 0), max(1, side * 0.03))
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), -angle, 1.0)
    larger = cv2.resize(face, (side, side), interpolation=cv2.INTER_CUBIC)
    turned = cv2.warpAffine(larger, turn, (side, side), borderMode=cv2.BORDER_REPLICATE)
    share = cv2.warpAffine(soft, turn, (side, side))
    place[:] = place * (1 - share) + turned * share


def in_light(rng: np.random.Generator, gray: Gray, light: float) -> Gray:
    if light == 1:
        return gray
    dim = gray * light + rng.normal(0, NOISE_LEVELS, gray.shape)
    return np.rint(dim).clip(0, 255).astype(np.uint8)


def counted(search: Search, scenes: list[Scene]) -> str:
    hit = false = 0
    began = time.process_time()
    answers = [search(gray) for gray, _ in scenes]
    spent_s = time.process_time() - began
    for found, (_, true) in zip(answers, scenes, strict=True):
        hit += sum(any(iou(face, one) >= 0.4 for one in found) for face in true)
        false += sum(all(iou(face, one) < 0.2 for face in true) for one in found)
    return (
        f"{hit} of {sum(len(true) for _, true in scenes)} found, {false} false, "
        f"{1e3 * spent_s / len(scenes):.0f} ms"
    )


def plain() -> Search:
    folder = Path(cv2.data.haarcascades)
    cascade = cv2.CascadeClassifier(str(folder / "haarcascade_frontalface_default.xml"))

    def find(gray: Gray) -> list[Face]:
        boxes = cascade.detectMultiScale(gray, 1.1, 5, minSize=(48, 48))
        return [Face(*map(int, box)) for box in boxes]

    return find


def tilted_everywhere(gray: Gray) -> list[Face]:
    found = list(DETECTOR.find(gray))
    for angle in TILTS:
        found += find_tilted(DETECTOR, gray, angle)
    by_size = sorted(found, key=lambda face: face.width * (1 if face.angle else 1.25))
    return without_nested(by_size[::-1])


FULL = FullSearch.of_stills(DetectionSettings())
DETECTOR = open_detector(DetectionSettings(scale_factor=1.1))

main()
