"""Who is seen and heard just now: the last events, for as long as they are fresh."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from edge.models.labels import meaning
from edge.sinks import Sink
from edge.types import EmotionEvent

FRESH_S = 4.0
"""A face is reported every second by default; one that was not for this long has gone."""


@dataclass(frozen=True, slots=True)
class Person:
    """kind: "face", "speech" or "fusion"; since_s: how long they have been there, seconds"""

    kind: str
    label: str
    confidence: float
    since_s: float


class PresentSink(Sink):
    """Holds the latest event of each face, and of the voice; gives them to any thread.

    Where a fusion stands for a face, it alone is given, and not the voice that it heard.
    """

    def __init__(
        self, fresh_s: float = FRESH_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._fresh_s = fresh_s
        self._clock = clock
        self._lock = threading.Lock()
        self._latest: dict[tuple[str, int], tuple[float, float, EmotionEvent]] = {}

    def write(self, event: EmotionEvent) -> None:
        key = (event.modality, event.track_id)
        with self._lock:
            now_s = self._clock()
            self._forget(now_s)
            first_s = self._latest[key][0] if key in self._latest else now_s
            self._latest[key] = (first_s, now_s, event)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        with self._lock:
            self._latest.clear()

    def people(self) -> list[Person]:
        """Those who are there, the longest first."""
        with self._lock:
            now_s = self._clock()
            self._forget(now_s)
            with_voice = {track for kind, track in self._latest if kind == "fusion"}
            faces = {track: kept for (kind, track), kept in self._latest.items() if kind == "face"}
            found = []
            for (kind, track), (first_s, _, event) in self._latest.items():
                if (kind == "face" and track in with_voice) or (kind == "speech" and with_voice):
                    continue
                came_s = min(first_s, faces[track][0]) if track in faces else first_s
                label = meaning(event.label)
                found.append(Person(kind, label, event.confidence, now_s - came_s))
        return sorted(found, key=lambda person: -person.since_s)

    def _forget(self, now_s: float) -> None:
        old = [key for key, kept in self._latest.items() if now_s - kept[1] > self._fresh_s]
        for key in old:
            del self._latest[key]
