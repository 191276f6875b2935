"""One timeline out of two senses, from files and live."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edge.pipeline.face import FrameResult
from edge.pipeline.speech import SpeechResult
from edge.run.timeline import in_order
from edge.types import Frame

WAIT_S = 20.0


def frame_result(at_s: float) -> FrameResult:
    return FrameResult(Frame(np.zeros((2, 2), np.uint8), at_s, 0, "GRAY"), (), ())


def speech_result(at_s: float) -> SpeechResult:
    return SpeechResult(at_s - 3, at_s, 0, None, None, ())


def test_files_are_in_the_order_of_their_time_and_read_no_further_than_asked() -> None:
    asked = []

    def frame_results() -> Iterator[FrameResult]:
        for at_s in (0.0, 1.0, 2.0, 3.0):
            asked.append(at_s)
            yield frame_result(at_s)

    moments = in_order(frame_results(), iter([speech_result(1.5), speech_result(9)]))
    kinds = [type(next(moments)).__name__ for _ in range(3)]
    assert kinds == ["FrameResult", "FrameResult", "SpeechResult"]
    assert asked == [0.0, 1.0, 2.0]
    assert [type(moment).__name__ for moment in moments] == [
        "FrameResult",
        "FrameResult",
        "SpeechResult",
    ]
