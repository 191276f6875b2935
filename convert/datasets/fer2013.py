"""FER2013: 35,887 gray 48x48 faces in seven emotions, with its three official parts.

Kaggle's csv, class folders and the packed npz are read into the same `FaceSet`.
Source: Goodfellow et al.: Challenges in Representation Learning, 2013. FER2013 is for research
use only; the FER+ votes (Barsoum et al. 2016) are MIT.
"""

from __future__ import annotations

import csv
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.datasets import Provenance
from convert.datasets.archives import read_arrays
from convert.datasets.face_set import SIDE, USAGES, FaceSet, checked
from convert.datasets.fer2013_folders import load_folders
from edge.errors import DataError, MissingDataError, UsageError

__all__ = ["LABELS", "PROVENANCE", "USAGES", "FaceSet", "load"]

LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
PROVENANCE = Provenance(
    training_data="FER2013, Training part (28,709 faces); FER+ votes as soft targets",
    licence="FER2013: research use only; FER+ votes: MIT",
    terms=(
        "FER2013 may be used for research only, and so may this model, which was trained on it."
    ),
)
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
_COLUMNS = ("emotion", "pixels", "Usage")


def load(path: Path) -> FaceSet:
    """Read FER2013 from a .npz, a .csv or a folder.

    Raises MissingDataError where there is none, DataError (with file and row) where it is
    damaged or mislabelled, UsageError for another kind of file.
    """
    if not path.exists():
        raise MissingDataError(
            f"there is no data set at {path}: give FER2013 as fer2013.csv, .npz or class folders"
        )
    if path.is_dir():
        return load_folders(path, LABELS)
    if path.suffix == ".csv":
        return _load_csv(path)
    if path.suffix == ".npz":
        return _load_npz(path)
    raise UsageError(f"cannot read {path} as FER2013: give a .csv, a .npz or a folder")


def _load_csv(path: Path) -> FaceSet:
    images, labels, usages = [], [], []
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            for line, emotion, pixels, usage in _rows(csv.reader(stream), path):
                where = f"{path} line {line}"
                labels.append(_label(emotion, where))
                images.append(_pixels(pixels, where))
                usages.append(_usage(usage, where))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as csv ({error}): fetch it again") from error
    if not images:
        raise DataError(f"{path} is truncated: it has no row after its header: fetch it again")
    return FaceSet(np.stack(images), np.array(labels, np.uint8), np.array(usages), LABELS)


def _rows(reader: Iterator[list[str]], path: Path) -> Iterator[tuple[int, str, str, str]]:
    """(line, emotion, pixels, usage) of each row; line 1 is the header."""
    header = [name.strip() for name in next(reader, [])]
    if any(name not in header for name in _COLUMNS):
        raise DataError(
            f"{path} line 1: the columns are {', '.join(header) or 'missing'}: "
            f"give a csv with {', '.join(_COLUMNS)}"
        )
    emotion, pixels, usage = (header.index(name) for name in _COLUMNS)
    for line, row in enumerate(reader, 2):
        if not row:
            continue
        if len(row) != len(header):
            raise DataError(
                f"{path} line {line}: {len(row)} fields where the header has {len(header)}: "
                "the file is truncated or damaged, fetch it again"
            )
        yield line, row[emotion], row[pixels], row[usage]


def _label(text: str, where: str) -> int:
    label = text.strip()
    if not (label.isascii() and label.isdigit() and int(label) < len(LABELS)):
        raise DataError(
            f"{where}: emotion {text[:20]!r} is not in 0..{len(LABELS) - 1}: correct that row"
        )
    return int(label)


def _usage(text: str, where: str) -> str:
    usage = text.strip()
    if usage not in USAGES:
        raise DataError(
            f"{where}: part {text[:20]!r} is none of {', '.join(USAGES)}: correct that row"
        )
    return usage


def _pixels(text: str, where: str) -> NDArray[np.uint8]:
    try:
        with warnings.catch_warnings():
            # numpy 1 only warns of what numpy 2 refuses.
            warnings.simplefilter("error", DeprecationWarning)
            values = np.fromstring(text, np.int64, sep=" ")
    except (ValueError, DeprecationWarning) as error:
        raise DataError(f"{where}: a pixel is not a whole number: correct that row") from error
    if len(values) != SIDE * SIDE:
        raise DataError(
            f"{where}: {len(values)} pixels instead of {SIDE * SIDE}: "
            "the file is truncated or damaged, fetch it again"
        )
    if values.min() < 0 or values.max() > 255:
        raise DataError(f"{where}: a pixel is not in 0..255: correct that row")
    return values.astype(np.uint8).reshape(SIDE, SIDE)


def _load_npz(path: Path) -> FaceSet:
    try:
        archive = read_arrays(path)
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
    if names != LABELS:
        raise DataError(
            f"{path} has the labels {', '.join(names)}: give them as {', '.join(LABELS)}"
        )
    return checked(FaceSet(images, labels, usage.astype(np.str_), names, votes), path)


def _align_votes(
    votes: NDArray[np.uint8], vote_names: NDArray[np.str_], names: tuple[str, ...]
) -> NDArray[np.float32]:
    aligned = np.zeros((len(votes), len(names)), np.float32)
    for column, vote_name in enumerate(vote_names):
        label = FERPLUS_TO_LABEL.get(str(vote_name))
        if label is not None:
            aligned[:, names.index(label)] += votes[:, column]
    return aligned
