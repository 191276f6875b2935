"""How often each label was seen in an interval: the rows of the table `tally`."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import NamedTuple

from edge.log import schema

_ADD = (
    "INSERT INTO tally (start_s, interval_s, model_id, label_id, events) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET events = events + excluded.events"
)


class TallyKey(NamedTuple):
    """What is counted: one label of one model, in an interval that begins at `start_s`."""

    start_s: int
    interval_s: int
    model: schema.ModelKey
    label: str


def add(connection: sqlite3.Connection, counts: Mapping[TallyKey, int]) -> None:
    """Add to what the log has; inside the caller's transaction."""
    for key, count in counts.items():
        model = schema.model_id(connection, key.model)
        label = schema.label_id(connection, key.label)
        connection.execute(_ADD, (key.start_s, key.interval_s, model, label, count))
