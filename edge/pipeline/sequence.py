"""What a sequence model looks at: the course of each followed face, in memory only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.vision.sequence_settings import SequenceSettings

FrameSequence = NDArray[np.uint8]
"""uint8 (frames, *picture), the oldest picture first; (frames, 48, 48) for our networks."""


@dataclass(slots=True)
class _Track:
    sequence: FrameSequence
    timestamp_s: float


class SequenceBuffer:
    """The newest pictures of each face, `step_s` apart as the network was trained on them.

    A face that is new has looked all the while as it does now. Where pictures come further
    apart, those between are taken to be like the one before. A course takes `frames` · 48 · 48
    bytes (18 kB for eight pictures) and is dropped with its track; nothing is stored elsewhere.
    """

    def __init__(self, settings: SequenceSettings) -> None:
        self._frames = settings.frames
        self._step_s = settings.step_s
        self._tracks: dict[int, _Track] = {}

    def add(self, track_id: int, image: NDArray[np.uint8], timestamp_s: float) -> FrameSequence:
        """The face's course with `image`, uint8 of the network's shape, at its end.

        It is the memory's own: valid until the next call for this face. A clock that jumped back
        begins the course anew.
        """
        track = self._tracks.get(track_id)
        if track is None or timestamp_s < track.timestamp_s:
            sequence = np.repeat(image[None], self._frames, axis=0)
            self._tracks[track_id] = _Track(sequence, timestamp_s)
            return sequence
        steps = max(1, round((timestamp_s - track.timestamp_s) / self._step_s))
        sequence, kept = track.sequence, max(0, self._frames - steps)
        newest = sequence[-1].copy()
        sequence[:kept] = sequence[self._frames - kept :]
        sequence[kept:-1] = newest
        sequence[-1] = image
        track.timestamp_s = timestamp_s
        return sequence

    def forget(self, track_id: int) -> None:
        """Drop the pictures of a track that ended; one never seen is no error."""
        self._tracks.pop(track_id, None)
