"""What a sequence model looks at: the latest pictures of each followed face, in memory only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.pipeline.track import FrameSequence, Track
from edge.vision.sequence_settings import SequenceSettings


class SequenceBuffer:
    """Keeps a face's newest pictures in its track, `step_s` apart as the network was trained.

    A face that is new has looked all the while as it does now. Where pictures come further
    apart, those between are taken to be like the one before. A sequence takes `frames` · 48 · 48
    bytes (18 kB for eight pictures); it is stored nowhere else.
    """

    def __init__(self, settings: SequenceSettings) -> None:
        self._frames = settings.frames
        self._step_s = settings.step_s

    def add(self, track: Track, image: NDArray[np.uint8], timestamp_s: float) -> FrameSequence:
        """The track's sequence with `image`, uint8 of the network's shape, at its end.

        It is the track's own: valid until the next call for it. A clock that jumped back restarts
        the sequence.
        """
        sequence = track.sequence
        if sequence is None or timestamp_s < track.sequence_s:
            sequence = track.sequence = np.repeat(image[None], self._frames, axis=0)
        else:
            steps = max(1, round((timestamp_s - track.sequence_s) / self._step_s))
            kept = max(0, self._frames - steps)
            newest = sequence[-1].copy()
            sequence[:kept] = sequence[self._frames - kept :]
            sequence[kept:-1] = newest
            sequence[-1] = image
        track.sequence_s = timestamp_s
        return sequence
