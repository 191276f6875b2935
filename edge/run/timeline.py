"""One timeline: what is seen and what is heard, in order, from files or as it happens."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from edge.pipeline.face import Scene
from edge.pipeline.speech import Hearing

if TYPE_CHECKING:
    pass

Moment = Scene | Hearing


def in_order(scenes: Iterable[Scene], hearings: Iterable[Hearing]) -> Iterator[Moment]:
    """Both, by the time of the source: a hearing comes when its window is over."""
    return heapq.merge(scenes, hearings, key=_time_s)


def _time_s(moment: Moment) -> float:
    return moment.frame.timestamp_s if isinstance(moment, Scene) else moment.end_s
