"""Made-up sequences of states whose law is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from samples import LABELS, START

from edge.log.event_sink import SqliteSink
from edge.types import EmotionEvent, Face

ALIKE = np.full((7, 7), 1 / 7)
"""A second later it is any state, whatever it was."""


def circle(stay: float) -> NDArray[np.float64]:
    """(7, 7): it stays for a second by this chance, or goes to the next label."""
    return stay * np.eye(7) + (1 - stay) * np.roll(np.eye(7), 1, axis=1)


def walk(chances: NDArray[np.float64], seconds: int, seed: int = 7) -> list[int]:
    """A state a second."""
    rng = np.random.default_rng(seed)
    states = [0]
    while len(states) < seconds:
        states.append(int(rng.choice(7, p=chances[states[-1]])))
    return states


def events(
    states: Iterable[int], track_id: int = 1, after_s: float = 0.0
) -> Iterator[EmotionEvent]:
    """An event a second, from `after_s` on."""
    for second, state in enumerate(states):
        time = START + timedelta(seconds=after_s + second)
        scores = dict.fromkeys(LABELS, 0.05) | {LABELS[state]: 0.7}
        face = Face(10, 10, 80, 80, track_id)
        yield EmotionEvent(time, "face", track_id, LABELS[state], 0.7, scores, face, "cnn")


def log_of(path: Path, states: Iterable[int]) -> Path:
    with SqliteSink(path, commit_interval_s=3600) as sink:
        for event in events(states):
            sink.write(event)
    return path
