"""Class folders: one folder a label, with or without a folder a part above them.

ROOT/train/happy/1.png      as on Kaggle; test is PrivateTest unless a file's name says
                            Public… (Kaggle's does)
ROOT/PublicTest/happy/1.png FER2013's own names of the parts
ROOT/happy/1.png            no parts: all of it is Training
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.datasets.face_set import SIDE, USAGES, FaceSet
from edge.errors import DataError

PARTS = {
    "train": "Training",
    "test": "PrivateTest",
    "val": "PublicTest",
    "validation": "PublicTest",
    **{usage.lower(): usage for usage in USAGES},
}
# How a file that is all there ends.
_ENDINGS = {".png": b"IEND\xaeB`\x82", ".jpg": b"\xff\xd9", ".jpeg": b"\xff\xd9"}


def load_folders(root: Path, label_names: tuple[str, ...]) -> FaceSet:
    """Read .png and .jpg faces, gray, at 48x48 (others are resized).

    Raises DataError, naming the folder or the file, for a label that is none of
    `label_names`, for a file that is truncated or no picture, and where there is none at all.
    """
    images, labels, usages = [], [], []
    for part, folder in _part_folders(root):
        for path, label in _labelled_files(folder, label_names):
            images.append(_read(path))
            labels.append(label)
            usages.append(_part_by_name(path) or part)
    if not images:
        raise DataError(f"{root} holds no .png or .jpg in class folders: give FER2013's folders")
    return FaceSet(np.stack(images), np.array(labels, np.uint8), np.array(usages), label_names)


def _part_folders(root: Path) -> list[tuple[str, Path]]:
    folders = [path for path in sorted(root.iterdir()) if path.is_dir()]
    parts = [(PARTS[path.name.lower()], path) for path in folders if path.name.lower() in PARTS]
    return parts or [("Training", root)]


def _labelled_files(folder: Path, label_names: tuple[str, ...]) -> Iterator[tuple[Path, int]]:
    for path in sorted(folder.iterdir()):
        if not path.is_dir() or path.name.startswith("."):
            continue
        label = path.name.lower()
        if label not in label_names:
            raise DataError(
                f"{path} is the folder of no known label: name it one of {', '.join(label_names)}"
            )
        for file in sorted(path.iterdir()):
            if file.suffix.lower() in _ENDINGS and not file.name.startswith("."):
                yield file, label_names.index(label)


def _part_by_name(path: Path) -> str | None:
    """Kaggle's folders hold both test parts in one and say which in the file's name."""
    return next((usage for usage in USAGES if path.name.startswith(usage)), None)


def complete(path: Path) -> bytes:
    """The picture's file. Raises DataError where it cannot be read, or is a truncated one."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    # OpenCV fills what is missing of a truncated JPEG with gray and says nothing.
    if not content or _ENDINGS.get(path.suffix.lower(), b"") not in content[-32:]:
        raise DataError(f"{path} is truncated or no picture: fetch it again")
    return content


def _read(path: Path) -> NDArray[np.uint8]:
    image = cv2.imdecode(np.frombuffer(complete(path), np.uint8), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise DataError(f"{path} is damaged or no picture: fetch it again")
    if image.shape != (SIDE, SIDE):
        image = cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(image, np.uint8)
