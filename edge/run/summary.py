"""What a run did, filled as it goes."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from edge.types import EmotionEvent

_LATEST_TRACKS = 1000


@dataclass(slots=True)
class RunSummary:
    """What a run did. `frames` were processed, `dropped` came too fast for the pipeline.

    source:   the camera's name, "" without one
    networks: the names of those that classify, of face, voice and both
    page:     the status page's address, "" without one
    sound:    the microphone's name, "" without one; `sound_s` seconds of it came, `windows` of
              them were looked at, and in `voiced` somebody spoke
    notes:    what was wrong with the sound, a phrase each
    tracks:   faces that gave an event; one seen again after a thousand others counts again
    """

    source: str = ""
    model: str = ""
    networks: tuple[str, ...] = ()
    page: str = ""
    sound: str = ""
    frames: int = 0
    dropped: int = 0
    sound_s: float = 0.0
    windows: int = 0
    voiced: int = 0
    seconds: float = 0.0
    ended: str = ""
    notes: list[str] = field(default_factory=list)
    tracks: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    modalities: Counter[str] = field(default_factory=Counter)
    # A run may last for months: the faces of all of it would fill memory.
    _latest: deque[int] = field(default_factory=lambda: deque(maxlen=_LATEST_TRACKS), repr=False)

    @property
    def events(self) -> int:
        return self.labels.total()

    @property
    def frames_per_second(self) -> float:
        return self.frames / self.seconds if self.seconds else 0.0

    def count(self, events: Iterable[EmotionEvent]) -> None:
        for event in events:
            self.labels[event.label] += 1
            self.modalities[event.modality] += 1
            if event.modality == "face" and event.track_id not in self._latest:
                self._latest.append(event.track_id)
                self.tracks += 1
