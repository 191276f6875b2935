"""One timeline: what is seen and what is heard, in order, from files or as it happens."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from edge.pipeline.face import FrameResult

if TYPE_CHECKING:
    from edge.pipeline.speech import SpeechResult

    PipelineResult = FrameResult | SpeechResult


def in_order(
    frame_results: Iterable[FrameResult], speech_results: Iterable[SpeechResult]
) -> Iterator[PipelineResult]:
    """Both, by the time of the source: a speech result comes when its window is over."""
    return heapq.merge(frame_results, speech_results, key=_time_s)


def _time_s(moment: PipelineResult) -> float:
    return moment.frame.timestamp_s if isinstance(moment, FrameResult) else moment.end_s
