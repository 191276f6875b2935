"""Any other set of faces in class folders: pictures of every size, under its own labels' names.

ROOT/anger/1.png …   one folder a label, as CK+, JAFFE, RaFD or AffectNet are often passed on
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.datasets.fer2013_folders import PARTS, complete
from edge.errors import DataError, MissingDataError, UsageError
from edge.models.labels import SHARED
from edge.settings.sections import DetectionSettings, PreprocessSettings
from edge.types import Face
from edge.vision import open_detector
from edge.vision.cascade import FaceDetector
from edge.vision.preprocess import SIZE_PX, Preprocessor

SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".pgm", ".webp"))
FACES = ("find", "whole")
_SEARCHED_PX = 2 * SIZE_PX
"""A picture with a shorter side than this is a cropped face already."""
_LEADING = re.compile(r"^[\d\s._-]+")

Gray = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class ClassFolders:
    """Faces of another data set.

    images:   uint8 (n, 48, 48)
    labels:   uint8 (n,), an index into `label_names`, which are `SHARED`
    classes:  the folder's name → the label that it was read as
    left_out: the folder's name → pictures, where it is no label of ours
    found:    how many faces were found in their picture; the others were taken whole
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    classes: dict[str, str]
    left_out: dict[str, int]
    found: int
    label_names: tuple[str, ...] = SHARED

    def __len__(self) -> int:
        return len(self.labels)


def known_names() -> dict[str, str]:
    """Every name that a data set may give a label, in lower case → ours."""
    text = Path(__file__).with_name("labels.toml").read_text(encoding="utf-8")
    listed = tomllib.loads(text)
    return {name: label for label in SHARED for name in (label, *listed.get(label, ()))}


def load(
    root: Path,
    preprocessing: PreprocessSettings,
    faces: str = "find",
    renamed: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> ClassFolders:
    """Read the set as the device would see it.

    faces:   "find" the nearest face in each picture (one in which there is none, or that is hardly
             larger than a face, is taken whole), or take every picture "whole"
    renamed: more names for our labels, folder → label
    Raises MissingDataError, UsageError for a label that is none, DataError for a damaged picture,
    for a folder of parts, and where no folder is known.
    """
    if faces not in FACES:
        raise UsageError(f"faces are not taken as {faces!r}: choose {' or '.join(FACES)}")
    classes, left_out = _classes(root, _names(renamed or {}))
    paths = [(path, label) for folder, label in classes.items() for path in pictures(root / folder)]
    if not paths:
        raise DataError(_nothing(root, left_out))
    crop = _Crop(preprocessing, find=faces == "find")
    images = np.empty((len(paths), SIZE_PX, SIZE_PX), np.uint8)
    for i, (path, _) in enumerate(paths):
        images[i] = crop(read(path))
        progress(1, len(paths))
    labels = np.array([SHARED.index(label) for _, label in paths], np.uint8)
    return ClassFolders(images, labels, classes, dict(left_out), crop.found)


def _names(renamed: Mapping[str, str]) -> dict[str, str]:
    for name, label in renamed.items():
        if label not in SHARED:
            raise UsageError(
                f"{name} cannot be read as {label!r}: choose one of {', '.join(SHARED)}"
            )
    return known_names() | {name.lower(): label for name, label in renamed.items()}


def _classes(root: Path, names: Mapping[str, str]) -> tuple[dict[str, str], Counter[str]]:
    if not root.is_dir():
        raise MissingDataError(f"there is no folder {root}: give one that holds a folder a label")
    classes: dict[str, str] = {}
    left_out: Counter[str] = Counter()
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        name = folder.name.lower()
        if name in PARTS:
            raise DataError(f"{root} holds parts, not labels: give one of them, such as {folder}")
        label = names.get(name) or names.get(_LEADING.sub("", name))
        if label is not None:
            classes[folder.name] = label
        elif count := sum(1 for _ in pictures(folder)):
            left_out[folder.name] = count
    return classes, left_out


def _nothing(root: Path, left_out: Mapping[str, int]) -> str:
    if left_out:
        return (
            f"{root} holds pictures of {', '.join(left_out)} only, which are no labels of ours: "
            "say what they are with --label NAME=LABEL"
        )
    return f"{root} holds no pictures in class folders: give one that holds a folder a label"


def pictures(folder: Path) -> Iterator[Path]:
    """The pictures in the folder and in folders inside it, by name."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in SUFFIXES and not path.name.startswith("."):
            yield path


def read(path: Path) -> Gray:
    """uint8 (H, W). Raises DataError for a file that is truncated or no picture."""
    content = complete(path)
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise DataError(f"{path} is damaged or no picture: fetch it again")
    return np.asarray(image, np.uint8)


class _Crop:
    """Cuts the face out of a picture as the device does. found: in how many there was one"""

    def __init__(self, preprocessing: PreprocessSettings, *, find: bool) -> None:
        self.found = 0
        self._detector = open_detector(DetectionSettings()) if find else None
        self._preprocessor = Preprocessor(preprocessing)

    def __call__(self, gray: Gray) -> Gray:
        """uint8 (48, 48) of uint8 (H, W)"""
        face, found = nearest_face(self._detector, gray)
        self.found += found
        square = self._preprocessor.crop(gray, face)
        return self._preprocessor.normalise(square)


def nearest_face(detector: FaceDetector | None, gray: Gray) -> tuple[Face, bool]:
    """The largest face of the picture and True; the middle of it and False where none is found,
    or the picture is hardly larger than a face."""
    face = None
    if detector is not None and min(gray.shape) >= _SEARCHED_PX:
        face = max(detector.find(gray), key=lambda found: found.area, default=None)
    return (face, True) if face is not None else (_middle(gray), False)


def _middle(gray: Gray) -> Face:
    """The largest square in the middle."""
    height, width = gray.shape
    side = min(height, width)
    return Face((width - side) // 2, (height - side) // 2, side, side)
