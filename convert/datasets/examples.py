"""A person's own files with their own labels, by class folders or a csv, split by person.

ROOT/LABEL/1.png, ROOT/LABEL/PERSON/1.png, or a csv with the columns file, label and, where they
are known, person and part (training, validation or test); its files are beside the csv.
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.datasets.class_folders import SUFFIXES
from convert.datasets.fer2013_folders import PARTS as _NAMES_OF_PARTS
from edge.errors import DataError, MissingDataError, UsageError
from edge.models.card import Label
from edge.system.outputs import written_whole
from edge.system.record import ValidationError, convert

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


def read_examples(
    source: Path, merged: Mapping[str, str] | None = None, suffixes: Collection[str] = SUFFIXES
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
        raise DataError(f"{source} holds no {_kinds(suffixes)}: give one folder a label, or a csv")
    if len(found) > MAX_FILES:
        raise DataError(f"{source} holds over {MAX_FILES:,} files: give a part of it")
    renamed = {named(old): named(new) for old, new in (merged or {}).items()}
    for name in renamed.keys() - {example.label for example in found}:
        raise UsageError(f"{source} has no label {name!r}: merge those that it has")
    return [replace(one, label=renamed.get(one.label, one.label)) for one in found]


def named(text: str) -> str:
    """A label as it is compared and kept: without spaces around it, its accents composed (macOS
    takes them apart in folders' names). Raises UsageError for one that no card can hold."""
    try:
        return convert(unicodedata.normalize("NFC", text).strip(), Label)
    except ValidationError as error:
        raise UsageError(
            f"{text[:80]!r} is no label: give 1 to 64 characters, none of them a control character"
        ) from error


def _in_folders(root: Path, suffixes: Collection[str]) -> Iterator[Example]:
    folders = sorted(one for one in root.iterdir() if one.is_dir() and not _set_apart(one.name))
    if folders and all(one.name.lower() in _NAMES_OF_PARTS for one in folders):
        raise DataError(
            f"{root} holds parts, not labels: give one of them, such as {folders[0]}, or a csv "
            "with the column part"
        )
    for folder in folders:
        files = list(_files(folder, suffixes))
        if not files:
            raise DataError(
                f"{folder} holds no {_kinds(suffixes)}: put some in, or remove the folder"
            )
        for path in files:
            inside = path.relative_to(folder).parts
            # Without a folder of one's own, every picture is somebody else's.
            person = inside[0] if len(inside) > 1 else f"{folder.name}/{path.name}"
            yield Example(path, named(folder.name), person)


def _files(folder: Path, suffixes: Collection[str]) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        if path.suffix.lower() in suffixes and not any(map(_set_apart, inside)):
            yield path


def _set_apart(name: str) -> bool:
    """Whether it is a notebook's, an archive's or the system's own, such as .ipynb_checkpoints."""
    return name.startswith((".", "__"))


def _kinds(suffixes: Collection[str]) -> str:
    what = "sounds" if ".wav" in suffixes else "pictures"
    return f"{what} ({', '.join(sorted(suffixes))})"


def _in_csv(source: Path) -> Iterator[Example]:
    try:
        # Spreadsheets put a byte order mark before it, and some of them semicolons or tabs into it.
        with source.open(newline="", encoding="utf-8-sig") as file:
            delimiter = max(",;\t", key=file.readline().count)
            file.seek(0)
            rows = csv.DictReader(file, delimiter=delimiter)
            columns = [name.strip().lower() for name in rows.fieldnames or ()]
            rows.fieldnames = columns
            if not {"file", "label"} <= set(columns):
                raise DataError(
                    f"{source} has no columns file and label: name them in its first row"
                )
            for row in rows:
                yield _of_row(source, rows.line_num, row)
    except UnicodeDecodeError as error:
        raise DataError(f"{source} is no UTF-8 text: save it as CSV UTF-8") from error
    except (OSError, csv.Error) as error:
        raise DataError(f"{source} cannot be read as csv: {error}") from error


def _of_row(source: Path, line: int, row: Mapping[str | None, Any]) -> Example:
    if None in row:
        raise DataError(
            f"{source} line {line} has more values than the first row has columns: put a name that "
            "has the separator in it between quotes"
        )
    file, label, person, part = (
        (row.get(name) or "").strip() for name in ("file", "label", "person", "part")
    )
    if not file or not label:
        raise DataError(f"{source} line {line}: file or label is empty: fill it in")
    if part not in ("", *PARTS):
        raise DataError(f"{source} line {line}: there is no part {part!r}: {', '.join(PARTS)}")
    return Example(source.parent / file, named(label), person or file, part)


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
