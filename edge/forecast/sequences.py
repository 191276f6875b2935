"""The log's events as stretches: what one face or one voice showed, without a break."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise, starmap
from statistics import median

import numpy as np
from numpy.typing import NDArray

from edge.types import UNKNOWN, EmotionEvent

LEAST_BREAK_S = 3.0
"""A shorter silence of a track is no break."""
BREAK = 3.0
"""A break is a silence of this many times the usual one between two events of a track."""
RECENCY_S = 5.0
"""What was shown this many seconds ago counts 1/e."""


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """One track's states. Every change of the label is an event, so they hold between two.

    modality, track_id: as on the events
    began_at:           the first event's time, UTC
    seconds:            float64 (n,), rising, the events' times since `began_at`
    states:             intp (n,), each an index into the names that `segments` was told
    scores:             float32 (n, n_names), 0 for a label that the event's network has not
    lately:             float64 (n, n_names), what was shown before, the recent past most: shares
                        of it, sum 1
    since_s:            float64 (n,), seconds for which the state has been there
    """

    modality: str
    track_id: int
    began_at: datetime
    seconds: NDArray[np.float64]
    states: NDArray[np.intp]
    scores: NDArray[np.float32]
    recency: NDArray[np.float64]
    since_s: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.seconds)

    @property
    def ended_at(self) -> datetime:
        """The last event's time, UTC."""
        return self.began_at + timedelta(seconds=float(self.seconds[-1]))

    @property
    def changes(self) -> int:
        """How often one state followed another."""
        return int(np.count_nonzero(np.diff(self.states)))

    def last(self) -> Segment:
        """Its last event alone."""
        return self.take(np.arange(len(self)) == len(self) - 1)

    def take(self, which: NDArray[np.bool_]) -> Segment:
        """The marked ones of its events; what is known at them stays as it is."""
        return replace(
            self,
            seconds=self.seconds[which],
            states=self.states[which],
            scores=self.scores[which],
            recency=self.recency[which],
            since_s=self.since_s[which],
        )

    def followed(self, horizon_s: float) -> tuple[Segment, NDArray[np.intp]]:
        """The events after which the segment went on for that long, and the states then."""
        later = self.at(self.seconds + horizon_s)
        known = later >= 0
        return self.take(known), later[known]

    def at(self, seconds: NDArray[np.float64]) -> NDArray[np.intp]:
        """The states at these times; -1 where the stretch had not begun or was over."""
        found = np.searchsorted(self.seconds, seconds, side="right") - 1
        inside = (found >= 0) & (seconds <= self.seconds[-1])
        return np.where(inside, self.states[found], -1)


def names_of(events: Iterable[EmotionEvent]) -> tuple[str, ...]:
    """All states that may follow: the labels that are scored, and `UNKNOWN`."""
    labels = dict.fromkeys(label for event in events for label in event.scores)
    labels.pop(UNKNOWN, None)
    return (*labels, UNKNOWN)


def segments(events: Iterable[EmotionEvent], names: tuple[str, ...]) -> list[Segment]:
    """The events of one modality as stretches, in the order in which they began.

    events: in order of arrival; a track's number is used again by another run, so a long silence
            and a time that runs back end a stretch
    """
    tracks: dict[int, list[EmotionEvent]] = {}
    for event in events:
        if event.label in names:
            tracks.setdefault(event.track_id, []).append(event)
    longest_s = _break_s(tracks.values())
    pieces = [piece for track in tracks.values() for piece in _cut(track, longest_s)]
    pieces.sort(key=lambda piece: piece[0].time)
    return [_segment(piece, names) for piece in pieces]


def _break_s(tracks: Iterable[list[EmotionEvent]]) -> float:
    gaps = [gap for track in tracks for gap in starmap(_gap_s, pairwise(track)) if gap > 0]
    return max(LEAST_BREAK_S, BREAK * median(gaps)) if gaps else LEAST_BREAK_S


def _gap_s(one: EmotionEvent, other: EmotionEvent) -> float:
    return (other.time - one.time).total_seconds()


def _cut(track: list[EmotionEvent], longest_s: float) -> Iterator[list[EmotionEvent]]:
    piece = track[:1]
    for before, event in pairwise(track):
        if not 0 <= _gap_s(before, event) <= longest_s:
            yield piece
            piece = []
        piece.append(event)
    yield piece


def faded(recency: NDArray[np.float64], state: int, seconds: float) -> NDArray[np.float64]:
    """Shares of the recent past (n_names,), after `state` has been there since then."""
    kept = math.exp(-seconds / RECENCY_S)
    after = recency * kept
    after[state] += 1 - kept
    return after


def _segment(piece: list[EmotionEvent], names: tuple[str, ...]) -> Segment:
    first = piece[0]
    seconds = np.array([_gap_s(first, event) for event in piece])
    states = np.array([names.index(event.label) for event in piece], np.intp)
    scores = [[event.scores.get(name, 0.0) for name in names] for event in piece]
    return Segment(
        first.modality,
        first.track_id,
        first.time,
        seconds,
        states,
        np.array(scores, np.float32),
        _recency(seconds, states, len(names)),
        _since(seconds, states),
    )


def _recency(
    seconds: NDArray[np.float64], states: NDArray[np.intp], n_names: int
) -> NDArray[np.float64]:
    found = np.empty((len(seconds), n_names))
    found[0] = np.eye(n_names)[states[0]]
    for i, passed_s in enumerate(np.diff(seconds).tolist(), start=1):
        found[i] = faded(found[i - 1], int(states[i - 1]), passed_s)
    return found


def _since(seconds: NDArray[np.float64], states: NDArray[np.intp]) -> NDArray[np.float64]:
    new = np.diff(states, prepend=-1) != 0
    began: NDArray[np.float64] = np.maximum.accumulate(np.where(new, seconds, 0.0))
    return seconds - began
