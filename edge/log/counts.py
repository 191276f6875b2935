"""The counts of a log's quarters of an hour as arrays, in local time: what every chart sums up."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import tzinfo

import numpy as np
from numpy.typing import NDArray

from edge.log import packed
from edge.log.zones import offset_spans
from edge.models.labels import meaning

_UNREADABLE = "unreadable"
"""Stands for a name that is damaged."""
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event that waits for its commit; alone: whether no fusion stands for it."""

    quarter: int
    label: str
    modality: str
    alone: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """Each field but the names: int64 (n,), a number for a quarter, model and label.

    quarter:  of local time, counted from 1970-01-01 00:00
    label, modality: places in `labels` and `modalities`
    events:   all of them
    alone:    those that no fusion stands for
    counted:  those of `events` that are known as counts only
    """

    quarter: Numbers
    label: Numbers
    modality: Numbers
    events: Numbers
    alone: Numbers
    counted: Numbers
    labels: tuple[str, ...]
    modalities: tuple[str, ...]

    def chosen(self, label: str | None, modality: str | None) -> Counts:
        """Those of one label or one modality; None stands for all."""
        kept = np.ones(len(self.quarter), bool)
        for wanted, names, places in (
            (label, self.labels, self.label),
            (modality, self.modalities, self.modality),
        ):
            if wanted is not None:
                kept &= places == (names.index(wanted) if wanted in names else -1)
        return Counts(
            self.quarter[kept],
            self.label[kept],
            self.modality[kept],
            self.events[kept],
            self.alone[kept],
            self.counted[kept],
            self.labels,
            self.modalities,
        )


def read(
    connection: sqlite3.Connection,
    first: int,
    end: int,
    zone: tzinfo | None,
    waiting: Iterable[Waiting] = (),
) -> Counts:
    """The quarters (UTC) from `first` to before `end`, in the log and waiting for it."""
    stored = packed.read(connection, first, end)
    labels, modalities = (
        _Names(connection, "label", "name"),
        _Names(connection, "model", "modality"),
    )
    rows = [
        (one.quarter, modalities.add(one.modality), labels.add(meaning(one.label)), 1, one.alone)
        for one in waiting
    ]
    more = np.array(rows, np.int64).reshape(-1, 5)
    quarter, model_id, label_id, events, counted, in_fusion = stored
    alone = events + counted - np.minimum(in_fusion, events)
    quarter = np.concatenate([quarter, more[:, 0]])
    nothing = np.zeros(len(more), np.int64)
    return Counts(
        _local(quarter, first, end, zone),
        np.concatenate([labels.places(label_id), more[:, 2]]),
        np.concatenate([modalities.places(model_id), more[:, 1]]),
        np.concatenate([events + counted, more[:, 3]]),
        np.concatenate([alone, more[:, 4]]),
        np.concatenate([counted, nothing]),
        tuple(labels.names),
        tuple(modalities.names),
    )


class _Names:
    """The distinct names of a table, and where its ids stand among them."""

    def __init__(self, connection: sqlite3.Connection, table: str, column: str) -> None:
        rows = connection.execute(f"SELECT id, {column} FROM {table}").fetchall()
        self.names = [_UNREADABLE]
        by_id = {
            number: self.add(meaning(name) if isinstance(name, str) else _UNREADABLE)
            for number, name in rows
        }
        self._ids = np.array(sorted(by_id), np.int64)
        self._at = np.array([by_id[number] for number in sorted(by_id)], np.int64)

    def add(self, name: str) -> int:
        """Where the name stands, at the end if it is new."""
        if name not in self.names:
            self.names.append(name)
        return self.names.index(name)

    def places(self, ids: Numbers) -> Numbers:
        if not len(self._ids):
            return np.zeros(len(ids), np.int64)
        near = np.minimum(np.searchsorted(self._ids, ids), len(self._ids) - 1)
        return np.where(self._ids[near] == ids, self._at[near], 0)


def _local(quarter: Numbers, first: int, end: int, zone: tzinfo | None) -> Numbers:
    shifted = quarter.copy()
    for begins, ends, shift in offset_spans(first, end, zone):
        shifted[(quarter >= begins) & (quarter < ends)] += shift
    return shifted
