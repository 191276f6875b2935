"""Corpora of labelled speech that a csv describes, one clip a row: `file`, `speaker`, `label`.

Other columns (`language`, `licence`, `corpus`) are taken where they are there. A corpus's own
words for emotions are mapped once, here, onto the labels that a network answers with.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.datasets import ravdess
from convert.datasets.ravdess import LABELS
from edge.errors import DataError, MissingDataError

_SAME = {
    "fear": "fearful", "surprise": "surprised", "anger": "angry", "happiness": "happy",
    "joy": "happy", "sadness": "sad", "disgusted": "disgust",
}  # fmt: skip  # one pair after the other
_NEEDED = ("file", "speaker", "label")

RAVDESS = "ravdess"
"""The corpus whose files say by their names what a csv says of others."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """One recording of one speaker, of whatever corpus.

    speaker: no speaker of another corpus has this name
    label:   its emotion's place in `LABELS`
    language, licence: as the csv says; "" where it does not
    """

    path: Path
    corpus: str
    speaker: str
    label: int
    language: str = ""
    licence: str = ""


def label_of(word: str) -> int | None:
    """A corpus's word for an emotion → its place in `LABELS`; None for another word."""
    plain = word.strip().lower()
    name = _SAME.get(plain, plain)
    return LABELS.index(name) if name in LABELS else None


def read(table: Path) -> list[Utterance]:
    """The clips of the csv `table`, whose files stand relative to it; the corpus has its name.

    Raises MissingDataError where there is no such csv or it names a file that is not there;
    DataError where a column is missing, a label is unknown, or a file is there twice.
    """
    try:
        with table.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError as error:
        raise MissingDataError(f"there is no corpus {table}: give its csv") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{table} cannot be read as a csv ({error}): save it as UTF-8") from error
    if not rows:
        raise DataError(f"{table} lists no clip: give a csv with {', '.join(_NEEDED)}")
    missing = [column for column in _NEEDED if column not in rows[0]]
    if missing:
        raise DataError(f"{table} has no column {missing[0]!r}: give {', '.join(_NEEDED)}")
    clips = [_clip(table, number, row) for number, row in enumerate(rows, 2)]
    seen: set[Path] = set()
    for clip in clips:
        if clip.path in seen:
            raise DataError(f"{table} lists {clip.path.name} twice: remove one of the rows")
        seen.add(clip.path)
    return clips


def _clip(table: Path, line: int, row: dict[str, str]) -> Utterance:
    file, speaker, word = ((row[column] or "").strip() for column in _NEEDED)
    if not file or not speaker:
        raise DataError(f"{table}, line {line}: a clip needs a file and a speaker: fill them in")
    label = label_of(word)
    if label is None:
        raise DataError(
            f"{table}, line {line}: there is no label {word!r}: give one of {', '.join(LABELS)}"
        )
    path = table.parent / file
    if not path.is_file():
        raise MissingDataError(f"{table}, line {line}: there is no file {path}: fetch it")
    name = table.stem
    own = speaker if speaker.startswith(f"{name}:") else f"{name}:{speaker}"
    return Utterance(
        path, name, own, label,
        (row.get("language") or "").strip(), (row.get("licence") or "").strip(),
    )  # fmt: skip


def own_labels(clips: Sequence[Utterance]) -> tuple[int, ...]:
    """The labels that a corpus has, as places in `LABELS`."""
    return tuple(sorted({clip.label for clip in clips}))


def of_ravdess(clips: Sequence[ravdess.Clip]) -> list[Utterance]:
    """RAVDESS's clips, whose names say what a csv says of others."""
    return [
        Utterance(
            clip.path, RAVDESS, f"ravdess:{clip.actor:02}", clip.label, "en",
            ravdess.PROVENANCE.licence,
        )
        for clip in clips
    ]  # fmt: skip


def fold_mask(clips: Sequence[Utterance], fold: int) -> NDArray[np.bool_]:
    """Which clips test fold 1..5: no speaker is on both sides.

    RAVDESS's speakers go as `ravdess.folds` deals them, the others' one after another by name.
    """
    tested: set[str] = set()
    for corpus in {clip.corpus for clip in clips}:
        speakers = sorted({clip.speaker for clip in clips if clip.corpus == corpus})
        if corpus == RAVDESS:
            actors = ravdess.folds(int(speaker.split(":")[1]) for speaker in speakers)
            tested.update(f"ravdess:{actor:02}" for actor in actors[fold - 1])
        else:
            tested.update(speakers[fold - 1 :: ravdess.N_FOLDS])
    return np.array([clip.speaker in tested for clip in clips], np.bool_)
