"""A person's own pictures with their own labels, by class folders or a csv, split by person.

ROOT/LABEL/1.png, ROOT/LABEL/PERSON/1.png, or a csv with the columns file, label and, where they
are known, person and part (training, validation or test); its files are beside the csv.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.datasets.class_folders import SUFFIXES, nearest_face
from convert.datasets.fer2013_folders import complete
from edge.errors import DataError, MissingDataError, UsageError
from edge.settings.sections import DetectionSettings, PreprocessSettings
from edge.system.outputs import written_whole
from edge.vision import open_detector
from edge.vision.picture_format import PictureFormat
from edge.vision.preprocess import Preprocessor

PARTS = ("training", "validation", "test")
SHARES = (0.6, 0.15, 0.25)
_DRAWS = 300
MAX_FILES = 200_000
SOUNDS = (".wav", ".flac", ".ogg", ".mp3")


@dataclass(frozen=True, slots=True)
class Example:
    """One picture's file and what is known of it; `part` is "" before a split."""

    path: Path
    label: str
    person: str
    part: str = ""


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


def read_examples(
    source: Path, merged: Mapping[str, str] | None = None, suffixes: Container[str] = SUFFIXES
) -> list[Example]:
    """The files and labels of a folder or a csv, in order; `merged` renames labels (7 → 3).

    suffixes: of a folder, what is an example: pictures, or `SOUNDS`

    Raises MissingDataError, DataError, UsageError where a merged label is not there.
    """
    if source.is_dir():
        found = list(_in_folders(source, suffixes))
    elif source.is_file():
        found = list(_in_csv(source))
    else:
        raise MissingDataError(f"there is no data {source}: give a folder of labels, or a csv")
    if not found:
        raise DataError(f"{source} holds no pictures: give one folder a label, or a csv")
    if len(found) > MAX_FILES:
        raise DataError(f"{source} holds over {MAX_FILES:,} pictures: give a part of it")
    for name in merged or {}:
        if name not in {example.label for example in found}:
            raise UsageError(f"{source} has no label {name!r}: merge those that it has")
    renamed = merged or {}
    return [replace(one, label=renamed.get(one.label, one.label)) for one in found]


def _in_folders(root: Path, suffixes: Container[str]) -> Iterable[Example]:
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in suffixes and not path.name.startswith("."):
                inside = path.relative_to(folder).parts
                # Without a folder of one's own, every picture is somebody else's.
                person = inside[0] if len(inside) > 1 else f"{folder.name}/{path.name}"
                yield Example(path, folder.name, person)


def _in_csv(source: Path) -> Iterable[Example]:
    try:
        with source.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            columns = set(rows.fieldnames or ())
            if not {"file", "label"} <= columns:
                raise DataError(
                    f"{source} has no columns file and label: name them in its first row"
                )
            for line, row in enumerate(rows, start=2):
                yield _of_row(source, line, row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{source} cannot be read as csv: {error}") from error


def _of_row(source: Path, line: int, row: Mapping[str, str | None]) -> Example:
    file, label, part = row["file"], row["label"], row.get("part") or ""
    if not file or not label:
        raise DataError(f"{source} line {line}: file or label is empty: fill it in")
    if part not in ("", *PARTS):
        raise DataError(f"{source} line {line}: there is no part {part!r}: {', '.join(PARTS)}")
    return Example(source.parent / file, label, row.get("person") or file, part)


def write_examples(examples: Iterable[Example], path: Path) -> None:
    """As a csv that `read_examples` reads, over an earlier one."""
    beside = written_whole(path, own=True)
    with beside as new, new.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("file", "label", "person", "part"))
        for one in examples:
            rows.writerow((one.path.resolve(), one.label, one.person, one.part))


def split_by_person(examples: list[Example], seed: int = 7) -> list[Example]:
    """Each example with its part; nobody is in two. Parts that a csv names stay.

    Of some hundred draws of the persons, the one whose parts have each label's share most
    evenly. Raises DataError where there are too few persons for three parts.
    """
    if all(one.part for one in examples):
        return examples
    persons = sorted({one.person for one in examples})
    if len(persons) < 3:
        raise DataError(
            f"{len(persons)} persons cannot be on three sides of a split: give pictures of 3 or "
            "more, in a folder each or by a csv's column person"
        )
    labels = sorted({one.label for one in examples})
    counts = np.zeros((len(persons), len(labels)))
    index = {person: i for i, person in enumerate(persons)}
    for one in examples:
        counts[index[one.person], labels.index(one.label)] += 1
    parts = _best_draw(counts, np.random.default_rng(seed))
    return [replace(one, part=PARTS[parts[index[one.person]]]) for one in examples]


def _best_draw(counts: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int_]:
    """(n_persons,): 0, 1 or 2, each there at least once."""
    n = len(counts)
    wanted = np.array(SHARES)[:, None] * counts.sum(axis=0)
    ends = np.maximum(1, np.round(np.array(SHARES[1:]) * n)).astype(int)
    best, least = np.zeros(n, np.int_), np.inf
    for _ in range(_DRAWS):
        parts = np.zeros(n, np.int_)
        order = rng.permutation(n)
        parts[order[: ends[0]]], parts[order[ends[0] : ends.sum()]] = 1, 2
        there = np.stack([counts[parts == part].sum(axis=0) for part in range(3)])
        off = float((((there - wanted) / np.maximum(wanted, 1)) ** 2).sum())
        if off < least:
            best, least = parts, off
    return best


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
