"""All that is remembered of one followed face, or of one voice: dropped whole when it ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.types import Prediction

FrameSequence = NDArray[np.uint8]
"""uint8 (frames, *picture), the oldest picture first; (frames, 48, 48) for our networks."""


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """What a face shows, after smoothing.

    label:      one of the model's labels, or `UNKNOWN`
    confidence: the label's smoothed score, 0 to 1; the top class's where the label is `UNKNOWN`
    scores:     float32 (n_classes,), smoothed, sum 1
    changed:    whether the label differs from the track's previous one; True for its first
    """

    label: str
    confidence: float
    scores: NDArray[np.float32]
    changed: bool


@dataclass(frozen=True, slots=True, eq=False)
class CachedResult:
    """What was last made of a face: still valid, while its time has not come.

    state:      after smoothing; never `changed`, for that was news once
    prediction: the network's last word, of `timestamp_s`
    first_s:    when the face was classified for the first time
    steady:     whether the network's last word was close to the state
    """

    state: State
    prediction: Prediction
    timestamp_s: float
    first_s: float
    steady: bool


@dataclass(slots=True, eq=False)
class Denoised:
    """A face out of several noisy pictures.

    mean:     float32 (H, W) or (H, W, 3), gray levels
    variance: of the mean about the true face
    """

    mean: NDArray[np.float32]
    variance: float
    timestamp_s: float


@dataclass(slots=True, eq=False)
class Track:
    """One track's memory; each stage of the pipeline keeps its own fields, None before its first.

    scores, label, smoothed_s: the smoothed scores, their label, and of when they are
    cached:                    the scheduler's
    reported_s:                when the last event was
    denoised:                  what its latest pictures show, while they are noisy
    sequence, sequence_s:      a sequence model's pictures, and when the newest was taken
    """

    scores: NDArray[np.float32] | None = None
    label: str | None = None
    smoothed_s: float = 0.0
    cached: CachedResult | None = None
    reported_s: float | None = None
    denoised: Denoised | None = None
    sequence: FrameSequence | None = None
    sequence_s: float = 0.0
