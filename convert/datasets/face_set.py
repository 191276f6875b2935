"""Labelled faces in memory, whatever file they came from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import DataError, UsageError

USAGES = ("Training", "PublicTest", "PrivateTest")
SIDE = 48


@dataclass(frozen=True, slots=True, eq=False)
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
    label_names: tuple[str, ...]
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
        """One official part. Raises UsageError for another name, DataError where it is empty."""
        if usage not in USAGES:
            raise UsageError(f"there is no part {usage!r}: choose one of {', '.join(USAGES)}")
        found = self.take(self.usage == usage)
        if not len(found):
            raise DataError(
                f"the data set has no {usage} faces: give one with all three parts, or "
                "--split 80:20"
            )
        return found

    def as_voted(self) -> FaceSet:
        """The faces on which FER+'s voters agree most on one label, with that label.

        Without votes: the faces as they are labelled.
        """
        if self.votes is None:
            return self
        most = self.votes.max(axis=1, keepdims=True)
        clear = ((self.votes == most).sum(axis=1) == 1) & (most[:, 0] > 0)
        labels = self.votes.argmax(axis=1).astype(np.uint8)
        return replace(self, labels=labels).take(clear)

    def random_split(self, seed: int, train_share: float = 0.8) -> tuple[FaceSet, FaceSet]:
        """The papers' 80:20 split over all images: (train, test)."""
        order = np.random.default_rng(seed).permutation(len(self))
        cut = round(len(self) * train_share)
        return self.take(order[:cut]), self.take(order[cut:])

    def soft_targets(self, votes_share: float, *, align: bool = False) -> NDArray[np.float32]:
        """Training targets (n, n_classes): the label, mixed with the FER+ votes where there are.

        `align` reads the votes in the labels' terms first (see `aligned`).
        """
        targets = np.eye(len(self.label_names), dtype=np.float32)[self.labels]
        if self.votes is None or votes_share == 0:
            return targets
        total = self.votes.sum(axis=1, keepdims=True)
        share = np.where(total > 0, np.float32(votes_share), np.float32(0))
        votes = self.votes / np.maximum(total, 1)
        if align:
            votes = aligned(votes, self.labels)
        mixed: NDArray[np.float32] = (1 - share) * targets + share * votes
        return mixed

    def counts(self) -> dict[str, dict[str, int]]:
        """How many faces each part has of each label."""
        table: dict[str, dict[str, int]] = {}
        for usage in USAGES:
            labels = self.labels[self.usage == usage]
            if len(labels):
                found = np.bincount(labels, minlength=len(self.label_names))
                table[usage] = {
                    name: int(n) for name, n in zip(self.label_names, found, strict=True)
                }
        return table


def split(faces: FaceSet, how: str, seed: int) -> tuple[FaceSet, FaceSet]:
    """(training, validation): "official" parts, or the papers' "80:20". Raises UsageError."""
    if how == "official":
        return faces.part("Training"), faces.part("PublicTest")
    if how == "80:20":
        return faces.random_split(seed)
    raise UsageError(f"there is no split {how!r}: choose official or 80:20")


def checked(faces: FaceSet, path: Path) -> FaceSet:
    """`faces` as they were read from `path`. Raises DataError, naming the row that is wrong."""
    n = len(faces.images)
    if faces.images.shape != (n, SIDE, SIDE) or faces.images.dtype != np.uint8:
        raise DataError(
            f"{path} holds images of {faces.images.shape} {faces.images.dtype}: "
            f"give uint8 ({SIDE}, {SIDE})"
        )
    if not n or len(faces.labels) != n or len(faces.usage) != n:
        raise DataError(
            f"{path} is truncated: {n} images, {len(faces.labels)} labels, "
            f"{len(faces.usage)} parts: fetch it again"
        )
    wrong = np.flatnonzero(faces.labels >= len(faces.label_names))
    if len(wrong):
        row = int(wrong[0])
        raise DataError(
            f"{path} row {row}: label {faces.labels[row]} is not in "
            f"0..{len(faces.label_names) - 1}: correct that row"
        )
    strange = np.flatnonzero(~np.isin(faces.usage, USAGES))
    if len(strange):
        row = int(strange[0])
        raise DataError(
            f"{path} row {row}: part {str(faces.usage[row])!r} is none of {', '.join(USAGES)}: "
            "correct that row"
        )
    return faces


def aligned(scores: NDArray[np.float32], labels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """`scores` (n, n_classes) of another judge, read in the terms of `labels`.

    A class k of the judge's becomes the labels' distribution where the judge says k, so that
    over all faces each label weighs what it weighs among `labels`: FER+ voters say "neutral"
    of nearly twice the faces that FER2013 does.
    """
    n_classes = scores.shape[1]
    joint = scores.T @ np.eye(n_classes, dtype=np.float32)[labels]
    said = joint.sum(axis=1, keepdims=True)
    read = np.where(said > 0, joint / np.maximum(said, 1e-9), np.eye(n_classes))
    translated: NDArray[np.float32] = (scores @ read).astype(np.float32)
    return translated


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Faces that are the same pixel for pixel.

    groups:      each the positions of one picture that is there more than once
    copies:      faces that could go without a picture being lost
    conflicting: groups whose members carry different labels
    across:      "Training + PublicTest" → pictures that stand in both parts
    """

    groups: tuple[tuple[int, ...], ...]
    copies: int
    conflicting: int
    across: dict[str, int]


def duplicates(faces: FaceSet) -> Duplicates:
    """Find the exact duplicates, within the parts and across them."""
    places: dict[bytes, list[int]] = defaultdict(list)
    for position, image in enumerate(faces.images):
        places[image.tobytes()].append(position)
    groups = tuple(tuple(group) for group in places.values() if len(group) > 1)
    across: dict[str, int] = {}
    for group in groups:
        for pair in _pairs({str(faces.usage[position]) for position in group}):
            across[pair] = across.get(pair, 0) + 1
    return Duplicates(
        groups=groups,
        copies=sum(len(group) - 1 for group in groups),
        conflicting=sum(len({int(faces.labels[i]) for i in group}) > 1 for group in groups),
        across=across,
    )


def _pairs(parts: Iterable[str]) -> Iterable[str]:
    ordered = sorted(parts, key=USAGES.index)
    for i, one in enumerate(ordered):
        for other in ordered[i + 1 :]:
            yield f"{one} + {other}"
