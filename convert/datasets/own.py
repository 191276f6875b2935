"""A person's own pictures with their own labels, as a network takes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.datasets.class_folders import nearest_face
from convert.datasets.examples import Example
from convert.datasets.fer2013_folders import complete
from edge.errors import DataError, MissingDataError, UsageError
from edge.models.card import ModelCard
from edge.settings.sections import DetectionSettings, PreprocessSettings
from edge.vision import open_detector
from edge.vision.picture_format import PictureFormat
from edge.vision.preprocess import Preprocessor

Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True, slots=True, eq=False)
class OwnPictures:
    """Pictures as a network takes them.

    images:    uint8 (n, *picture)
    labels:    uint8 (n,), an index into `label_names`
    in_gray:   whether no picture of the set has any colour
    found:     in how many a face was found; the others were taken whole
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    label_names: tuple[str, ...]
    in_gray: bool
    found: int

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: NDArray[np.int_]) -> OwnPictures:
        return replace(self, images=self.images[index], labels=self.labels[index])

    def some(self, n: int) -> OwnPictures:
        """Up to `n`, each label's share about as it is, drawn by a fixed seed."""
        order = np.random.default_rng(7).permutation(len(self))
        return self.take(np.sort(order[:n]))


def as_frames(images: NDArray[Scalar], card: ModelCard) -> NDArray[Scalar]:
    """Stills as a network for video is given them, a face that does not move; else as they are."""
    frames = card.sequence.frames if card.sequence is not None else 0
    return np.repeat(images[:, None], frames, axis=1) if frames else images


def check_labels(examples: Iterable[Example], label_names: tuple[str, ...]) -> None:
    """Raises UsageError for a label that is not among `label_names`."""
    strange = {one.label for one in examples} - set(label_names)
    if strange:
        raise UsageError(
            f"the data has the labels {', '.join(sorted(strange))} and the network "
            f"{', '.join(label_names)}: name the data's folders as the network's labels"
        )


def load_pictures(
    examples: list[Example],
    label_names: tuple[str, ...],
    preprocessing: PreprocessSettings,
    picture_format: PictureFormat,
    faces: str = "find",
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> OwnPictures:
    """The examples as the device would see them.

    faces: "find" the nearest face in each, or take every picture "whole"
    Raises UsageError for a label that is not among `label_names`, DataError for a damaged file.
    """
    check_labels(examples, label_names)
    preprocessor = Preprocessor(preprocessing, picture_format)
    detector = open_detector(DetectionSettings()) if faces == "find" else None
    images = np.empty((len(examples), *picture_format.shape), np.uint8)
    in_gray, found = True, 0
    for i, one in enumerate(examples):
        coloured = _read(one.path)
        gray = cv2.cvtColor(coloured, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
        in_gray &= bool((coloured[..., 0] == coloured[..., 2]).all())
        face, was_found = nearest_face(detector, gray)
        found += was_found
        taken = coloured if preprocessor.in_colour else gray
        images[i] = preprocessor.normalise(preprocessor.crop(taken, face))
        progress(1, len(examples))
    labels = np.array([label_names.index(one.label) for one in examples], np.uint8)
    return OwnPictures(images, labels, label_names, in_gray, found)


def _read(path: Path) -> NDArray[np.uint8]:
    """uint8 (H, W, 3) BGR."""
    if not path.is_file():
        raise MissingDataError(f"there is no picture {path}: correct its name in the csv")
    image = cv2.imdecode(np.frombuffer(complete(path), np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise DataError(f"{path} is damaged or no picture: fetch it again")
    return np.asarray(image, np.uint8)
