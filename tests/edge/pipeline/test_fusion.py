"""Both senses, one state: with a stand-in for the combiner."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.models.labels import SHARED, FusionInputs, shared
from edge.pipeline.face import FrameResult, TrackedFace
from edge.pipeline.fusion import Fusion, build_fusion
from edge.pipeline.speech import SpeechResult
from edge.pipeline.track import State
from edge.settings.sections import Settings, SmoothingSettings
from edge.types import Face, Frame, Prediction

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
SENSES = FusionInputs(face_labels=("happy", "sad"), speech_labels=("calm", "happy", "sad"))


class Sum:
    """Stands in for a combiner: adds up what both say of "happy"."""

    def __init__(self) -> None:
        self.seen: list[np.ndarray] = []

    def classify(self, image: np.ndarray) -> Prediction:
        self.seen.append(image)
        happy = (float(image[0]) + float(image[3])) / 510
        return Prediction(("happy", "sad"), np.array([happy, 1 - happy], np.float32))


def state(*scores: float) -> State:
    return State("any", max(scores), np.array(scores, np.float32), changed=True)


def frame_result(at_s: float, *faces: tuple[Face, State]) -> FrameResult:
    frame = Frame(np.zeros((4, 4), np.uint8), at_s, 0, "GRAY")
    nothing = Prediction(("happy", "sad"), np.array([0.5, 0.5], np.float32))
    return FrameResult(frame, tuple(TrackedFace(face, seen, nothing) for face, seen in faces), ())


def speech_result(at_s: float, voice: State | None) -> SpeechResult:
    return SpeechResult(at_s - 3, at_s, 1.0 if voice else 0.0, voice, None, ())


def fusion(combiner: Sum | None = None) -> Fusion:
    settings = Settings(smoothing=SmoothingSettings(time_constant_s=0, floor=0.5))
    return build_fusion(settings, SENSES, combiner or Sum(), NOON, model_name="stand-in")


NEAR, FAR = Face(0, 0, 90, 90, track_id=7), Face(0, 0, 40, 40, track_id=3)


def test_a_voice_with_a_face_is_an_event_of_both() -> None:
    both = fusion()
    both.see(frame_result(9.5, (NEAR, state(0.8, 0.2))))
    event = both.hear(speech_result(10, state(0.1, 0.7, 0.2)))
    assert event is not None
    assert (event.modality, event.model, event.label) == ("fusion", "stand-in", "happy")
    assert (event.track_id, event.face) == (7, NEAR)
    assert event.time == NOON + timedelta(seconds=10)
    assert sum(event.scores.values()) == pytest.approx(1)


def test_the_combiner_sees_the_nearest_face_and_the_voice_as_bytes() -> None:
    combiner = Sum()
    both = fusion(combiner)
    both.see(frame_result(10, (FAR, state(0, 1)), (NEAR, state(0.8, 0.2))))
    both.hear(speech_result(10, state(0.2, 0.6, 0.2)))
    [row] = combiner.seen
    assert row.dtype == np.uint8
    assert row.tolist() == [204, 51, 51, 153, 51, 255, 255]


@pytest.mark.parametrize(
    ("seen_s", "voice"), [(8.9, state(0, 1, 0)), (10.0, None)], ids=["face long gone", "silence"]
)
def test_one_sense_alone_is_no_event_of_both(seen_s: float, voice: State | None) -> None:
    both = fusion()
    both.see(frame_result(seen_s, (NEAR, state(1, 0))))
    assert both.hear(speech_result(10, voice)) is None


def test_a_voice_that_no_face_ever_had_is_no_event() -> None:
    assert fusion().hear(speech_result(10, state(0, 1, 0))) is None


def test_a_frame_without_faces_leaves_the_last_one_fresh() -> None:
    both = fusion()
    both.see(frame_result(9.8, (NEAR, state(1, 0))))
    both.see(frame_result(9.9))
    assert both.hear(speech_result(10, state(0, 1, 0))) is not None


def test_the_same_state_is_reported_once_a_second_and_another_face_at_once() -> None:
    both = fusion()
    reported = []
    for at_s, face in ((1.0, NEAR), (1.5, NEAR), (2.0, NEAR), (2.5, FAR)):
        both.see(frame_result(at_s, (face, state(1, 0))))
        event = both.hear(speech_result(at_s, state(0, 1, 0)))
        reported.append(event.track_id if event else None)
    assert reported == [7, None, 7, 3]


def test_either_sense_may_be_absent_from_a_row() -> None:
    scores = np.array([0.5, 0.5], np.float32)
    assert SENSES.row(scores, None).tolist() == [128, 128, 0, 0, 0, 255, 0]
    assert SENSES.row(None, None).tolist() == [0] * SENSES.columns


def test_every_label_of_both_sets_has_one_shared_name() -> None:
    speech = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
    assert {shared(name) for name in SHARED} == {shared(name) for name in speech} == set(SHARED)
    assert shared("calm") == "neutral"
    with pytest.raises(KeyError):
        shared("bored")


@given(st.lists(st.floats(0, 1, width=32), min_size=5, max_size=5))
def test_a_row_keeps_scores_to_half_a_byte(scores: list[float]) -> None:
    face, voice = np.array(scores[:2], np.float32), np.array(scores[2:], np.float32)
    row = SENSES.row(face, voice)
    np.testing.assert_allclose(row[:-2] / 255, scores, atol=0.5 / 255 + 1e-6)
