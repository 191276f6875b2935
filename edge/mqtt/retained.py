"""The topics that a broker keeps for this device: what is no longer ours is cleared there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from edge.system.outputs import write_state

_MAX_BYTES = 64 << 10


class RetainedTopics:
    """Remembers, in a file beside the log, under which topics something was left at which broker.

    A device that is renamed, or that Home Assistant is not to know any more, would otherwise stay
    there for ever, as what it last was.
    """

    def __init__(self, log: Path, broker: str) -> None:
        """broker: what tells it from others, its address"""
        self._file = log.with_name(f"{log.stem}.mqtt-topics")
        self._broker = broker

    def replace(self, topics: Iterable[str], clear: Callable[[str], object]) -> None:
        """From now on these are ours; `clear` is called with each that was and is not any more."""
        wanted = sorted(set(topics))
        for old in self._load():
            if old not in wanted:
                clear(old)
        self._save(wanted)

    def _load(self) -> list[str]:
        try:
            with self._file.open(encoding="utf-8") as file:
                broker, topics = json.loads(file.read(_MAX_BYTES))
        except (OSError, ValueError, TypeError, RecursionError):
            return []
        if broker != self._broker or not isinstance(topics, list):
            return []
        # A topic with a wildcard would clear nothing, and end the connection.
        return [
            one for one in topics if isinstance(one, str) and one and not set("#+\0") & set(one)
        ]

    def _save(self, topics: list[str]) -> None:
        try:
            write_state(self._file, json.dumps([self._broker, topics]))
        except OSError:  # a full card: then they are cleared another time
            return
