"""FER2013: 35,887 gray 48x48 faces in seven emotions, with its three official parts.

Kaggle's csv, class folders and the packed npz are read into the same `FaceSet`.
FER2013 is for research use only; the FER+ votes are MIT.
"""

from __future__ import annotations

import csv
import hashlib
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import DataError, MissingDataError, UsageError

LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
USAGES = ("Training", "PublicTest", "PrivateTest")
# FER+ counts the votes of ten annotators under other names; contempt, unknown and NF have
# no FER2013 class and are left out.
FERPLUS_TO_LABEL = {
    "neutral": "neutral",
    "happiness": "happy",
    "surprise": "surprise",
    "sadness": "sad",
    "anger": "angry",
    "disgust": "disgust",
    "fear": "fear",
}
SIDE = 48


@dataclass(frozen=True, slots=True)
class FaceSet:
    """Labelled faces.

    images: uint8 (n, 48, 48), gray
    labels: uint8 (n,), an index into `label_names`
    usage:  str (n,), one of `USAGES`
    votes:  float32 (n, n_classes) FER+ votes a class, or None where the source has none
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    usage: NDArray[np.str_]
    label_names: tuple[str, ...] = LABELS
    votes: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: NDArray[np.bool_] | NDArray[np.int_]) -> FaceSet:
        """The faces at `index` (a mask or positions)."""
        votes = None if self.votes is None else self.votes[index]
        return FaceSet(
            self.images[index], self.labels[index], self.usage[index], self.label_names, votes
        )

    def part(self, usage: str) -> FaceSet:
        """One official part. Raises DataError where it is empty."""
        if usage not in USAGES:
            raise UsageError(f"there is no part {usage!r}: choose one of {', '.join(USAGES)}")
        found = self.take(self.usage == usage)
        if not len(found):
            raise DataError(f"the data set has no {usage} images: give one with all three parts")
        return found

    def random_split(self, seed: int, train_share: float = 0.8) -> tuple[FaceSet, FaceSet]:
        """The papers' 80:20 split over all images: (train, test)."""
        order = np.random.default_rng(seed).permutation(len(self))
        cut = round(len(self) * train_share)
        return self.take(order[:cut]), self.take(order[cut:])

    def soft_targets(self, votes_share: float) -> NDArray[np.float32]:
        """Training targets (n, n_classes): the label, mixed with the FER+ votes where there are any."""
        targets = np.eye(len(self.label_names), dtype=np.float32)[self.labels]
        if self.votes is None or votes_share == 0:
            return targets
        total = self.votes.sum(axis=1, keepdims=True)
        share = np.where(total > 0, np.float32(votes_share), np.float32(0))
        return (1 - share) * targets + share * self.votes / np.maximum(total, 1)


def load(path: Path) -> FaceSet:
    """Read FER2013 from a .npz, a .csv or a folder. Raises MissingDataError, DataError."""
    if not path.exists():
        raise MissingDataError(
            f"there is no data set at {path}: give FER2013 as fer2013.csv, .npz or class folders"
        )
    if path.is_dir():
        return _load_folders(path)
    if path.suffix == ".csv":
        return _load_csv(path)
    if path.suffix == ".npz":
        return _load_npz(path)
    raise UsageError(f"cannot read {path} as FER2013: give a .csv, a .npz or a folder")


def _load_npz(path: Path) -> FaceSet:
    try:
        with np.load(path, allow_pickle=False) as archive:
            images, labels, usage = archive["images"], archive["labels"], archive["usage"]
            names = tuple(str(name) for name in archive["label_names"])
            votes = (
                _align_votes(archive["ferplus_votes"], archive["ferplus_names"], names)
                if "ferplus_votes" in archive
                else None
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path} is damaged or no FER2013 archive ({error}): fetch it again"
        ) from error
    return _checked(FaceSet(images, labels, usage.astype(np.str_), names, votes), path)


def _align_votes(
    votes: NDArray[np.uint8], vote_names: NDArray[np.str_], names: tuple[str, ...]
) -> NDArray[np.float32]:
    aligned = np.zeros((len(votes), len(names)), np.float32)
    for column, vote_name in enumerate(vote_names):
        label = FERPLUS_TO_LABEL.get(str(vote_name))
        if label is not None:
            aligned[:, names.index(label)] += votes[:, column]
    return aligned


def _checked(faces: FaceSet, path: Path) -> FaceSet:
    n = len(faces.images)
    if faces.images.shape != (n, SIDE, SIDE) or faces.images.dtype != np.uint8:
        raise DataError(
            f"{path} holds images of {faces.images.shape} {faces.images.dtype}: "
            f"give uint8 ({SIDE}, {SIDE})"
        )
    if not n or len(faces.labels) != n or len(faces.usage) != n:
        raise DataError(
            f"{path} is truncated: {n} images, {len(faces.labels)} labels, {len(faces.usage)} parts"
        )
    wrong = np.flatnonzero(faces.labels >= len(faces.label_names))
    if len(wrong):
        row = int(wrong[0])
        raise DataError(
            f"{path} row {row}: label {faces.labels[row]} is not in 0..{len(faces.label_names) - 1}"
        )
    strange = np.flatnonzero(~np.isin(faces.usage, USAGES))
    if len(strange):
        row = int(strange[0])
        raise DataError(f"{path} row {row}: part {str(faces.usage[row])!r} is none of {USAGES}")
    return faces
