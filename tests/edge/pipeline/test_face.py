"""Frames in, scenes and events out: with lists, and with real clips and a stand-in network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.errors import UsageError
from edge.pipeline.events import EventThrottle
from edge.pipeline.face import FacePipeline, FrameResult, build_face_pipeline
from edge.pipeline.schedule import InferenceScheduler
from edge.pipeline.smoothing import Smoother
from edge.settings.sections import (
    DetectionSettings,
    PreprocessSettings,
    Settings,
    SmoothingSettings,
)
from edge.types import Face, Frame, Prediction
from edge.vision.preprocess import Preprocessor
from edge.vision.tracker import Tracker

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
LABELS = ("dark", "bright")


class ByBrightness:
    """Stands in for a network: says how bright the picture is."""

    def __init__(self) -> None:
        self.seen: list[np.ndarray] = []

    def classify(self, image: np.ndarray) -> Prediction:
        self.seen.append(image)
        bright = float(image.mean()) / 255
        return Prediction(LABELS, np.array([1 - bright, bright], np.float32))


class FromList:
    """Stands in for a search: frame n holds the n-th list of faces."""

    def __init__(self, found: Iterable[list[Face]]) -> None:
        self._found = iter(found)

    def find(self, gray: np.ndarray, timestamp_s: float, expected: list[Face]) -> list[Face]:
        assert gray.ndim == 2
        return next(self._found)


def frames(levels: Iterable[int], fps: float = 10.0) -> Iterator[Frame]:
    for index, level in enumerate(levels):
        yield Frame(np.full((120, 160, 3), level, np.uint8), index / fps, index)


def pipeline(
    found: Iterable[list[Face]],
    classifier: ByBrightness | None = None,
    *,
    interval_s: float = 0,
    time_constant_s: float = 0,
) -> FacePipeline:
    smoothing = SmoothingSettings(time_constant_s=time_constant_s, hysteresis=0.1, floor=0.5)
    return FacePipeline(
        FromList(found),
        Tracker(confirm_hits=1, confirm_s=0, patience_s=0.5),
        Preprocessor(PreprocessSettings()),
        classifier or ByBrightness(),
        Smoother(smoothing),
        EventThrottle(model="stand-in", started_at=NOON, interval_s=1.0),
        InferenceScheduler(interval_s),
    )


FACE = Face(40, 30, 50, 50)


def test_each_frame_is_one_scene_in_order_with_its_faces() -> None:
    frame_results = list(pipeline([[FACE], [], [FACE]]).results(frames([200, 200, 200])))
    assert [frame_result.frame.index for frame_result in frame_results] == [0, 1, 2]
    assert [len(frame_result.observations) for frame_result in frame_results] == [1, 0, 1]
    [observation] = frame_results[2].observations
    assert observation.face == Face(40, 30, 50, 50, track_id=1)
    assert observation.state.label == observation.prediction.label == "bright"


def test_scenes_are_made_one_at_a_time_when_asked_for() -> None:
    asked = []

    def watched() -> Iterator[Frame]:
        for frame in frames([200] * 3):
            asked.append(frame.index)
            yield frame

    frame_results = pipeline([[FACE]] * 3).results(watched())
    assert asked == []
    next(frame_results)
    assert asked == [0]


def test_an_event_says_who_when_and_what() -> None:
    [frame_result] = pipeline([[FACE]]).results(frames([204]))
    [event] = frame_result.events
    assert (event.time, event.modality, event.track_id) == (NOON, "face", 1)
    assert (event.label, event.model) == ("bright", "stand-in")
    assert event.confidence == pytest.approx(0.8)
    assert event.scores == pytest.approx({"dark": 0.2, "bright": 0.8})
    assert event.face == Face(40, 30, 50, 50, track_id=1)


def test_a_label_that_stays_is_reported_once_a_second() -> None:
    frame_results = pipeline([[FACE]] * 25).results(frames([200] * 25))
    events = [event for frame_result in frame_results for event in frame_result.events]
    assert [event.time - NOON for event in events] == [timedelta(seconds=n) for n in range(3)]


def test_a_new_label_is_reported_at_once_and_starts_the_second_anew() -> None:
    frame_results = pipeline([[FACE]] * 20).results(frames([250] * 5 + [10] * 15))
    events = [event for frame_result in frame_results for event in frame_result.events]
    assert [(event.label, (event.time - NOON).total_seconds()) for event in events] == [
        ("bright", 0.0),
        ("dark", 0.5),
        ("dark", 1.5),
    ]


def test_each_face_has_its_own_events() -> None:
    other = Face(100, 30, 40, 40)
    frame_results = list(pipeline([[FACE, other]] * 3).results(frames([200] * 3)))
    assert [
        [event.track_id for event in frame_result.events] for frame_result in frame_results
    ] == [[1, 2], [], []]


def test_who_left_is_forgotten_everywhere() -> None:
    one = pipeline([[FACE]] * 3 + [[]] * 10 + [[FACE]])
    *_, last = one.results(frames([200] * 14))
    assert [event.track_id for event in last.events] == [2]
    assert list(one._tracks) == [2]


def test_a_clock_that_jumps_back_brings_an_event_and_no_silence() -> None:
    image = np.full((120, 160, 3), 200, np.uint8)
    clock = [500.0, 500.1, 3.0, 3.1, 4.0]
    frame_results = pipeline([[FACE]] * 5).results(Frame(image, t, n) for n, t in enumerate(clock))
    assert [len(frame_result.events) for frame_result in frame_results] == [1, 0, 1, 0, 1]


def test_without_an_interval_the_network_is_asked_once_per_face_and_frame() -> None:
    classifier = ByBrightness()
    list(pipeline([[FACE], [FACE, Face(100, 30, 40, 40)], []], classifier).results(frames([9] * 3)))
    assert [image.shape for image in classifier.seen] == [(48, 48)] * 3
    assert {image.dtype.name for image in classifier.seen} == {"uint8"}


def test_a_steady_face_is_classified_each_interval_and_seen_in_every_frame() -> None:
    classifier = ByBrightness()
    one = pipeline([[FACE]] * 60, classifier, interval_s=0.4)
    frame_results = list(one.results(frames([200] * 60, fps=20)))
    assert all(len(frame_result.observations) == 1 for frame_result in frame_results)
    assert (one.times.faces, one.times.classified) == (60, len(classifier.seen))
    fresh = [
        frame_result.frame.index
        for frame_result in frame_results
        if frame_result.observations[0].fresh
    ]
    # Half a second to settle, then each 0.4 s, and at each whole second, when its event is due.
    assert fresh == [*range(10), 17, 20, 28, 36, 40, 48, 56]
    events = [event for frame_result in frame_results for event in frame_result.events]
    assert [(event.time - NOON).total_seconds() for event in events] == [0, 1, 2]


def test_a_change_is_noticed_within_the_interval_and_then_looked_at_in_every_frame() -> None:
    one = pipeline([[FACE]] * 60, interval_s=0.4, time_constant_s=0.5)
    frame_results = list(one.results(frames([250] * 30 + [10] * 30, fps=20)))
    fresh = [
        frame_result.frame.index
        for frame_result in frame_results
        if frame_result.observations[0].fresh
    ]
    noticed = fresh.index(next(index for index in fresh if index >= 30))
    assert fresh[noticed] - 30 <= 0.4 * 20
    assert fresh[noticed:][:4] == list(range(fresh[noticed], fresh[noticed] + 4))
    dark = [
        e.time for frame_result in frame_results for e in frame_result.events if e.label == "dark"
    ]
    assert dark
    # The interval, and what the smoothing takes by itself.
    assert 1.5 < (dark[0] - NOON).total_seconds() <= 1.5 + 0.4 + 0.5


def test_a_held_face_shows_its_last_state_at_its_new_place() -> None:
    walk = [[Face(40 + n, 30, 50, 50)] for n in range(20)]
    frame_results = list(pipeline(walk, interval_s=0.4).results(frames([200] * 20, fps=20)))
    before, held = frame_results[10].observations[0], frame_results[11].observations[0]
    assert (before.fresh, held.fresh, held.state.changed) == (False, False, False)
    assert held.face.x == before.face.x + 1
    assert held.state is before.state


def test_two_runs_over_one_recording_are_the_same() -> None:
    levels = [200, 190, 30, 220, 10] * 12
    one, two = (
        [(e.time, e.label, e.confidence) for s in each for e in s.events]
        for each in (
            pipeline([[FACE]] * 60, interval_s=0.3).results(frames(levels, fps=12))
            for _ in range(2)
        )
    )
    assert one == two
    assert one


def test_the_stages_times_add_up_over_frames_and_faces() -> None:
    one = pipeline([[FACE], [FACE], []])
    list(one.results(frames([200] * 3)))
    assert (one.times.frames, one.times.faces, one.times.classified) == (3, 2, 2)
    assert list(one.times.seconds) == [
        "gray", "search", "track", "preprocess", "inference", "smoothing",
    ]  # fmt: skip  # one line of stages
    assert all(seconds > 0 for seconds in one.times.seconds.values())


def test_the_settings_build_the_pipeline_and_name_the_model() -> None:
    settings = Settings.model_validate({"model": {"name": "runs/best/cnn.v2.tflite"}})
    built = build_face_pipeline(settings, ByBrightness(), NOON)
    assert built._throttle._model == "cnn.v2"
    named = build_face_pipeline(settings, ByBrightness(), NOON, model_name="cnn")
    assert named._throttle._model == "cnn"


def test_an_unknown_detector_stops_the_building() -> None:
    settings = Settings(detection=DetectionSettings(detector="crystal-ball"))
    with pytest.raises(UsageError, match="crystal-ball"):
        build_face_pipeline(settings, ByBrightness(), NOON)


def clip_frames(path: Path, every: int) -> Iterator[Frame]:
    """Every n-th frame, at its own time."""
    capture = cv2.VideoCapture(str(path))
    fps, index = capture.get(cv2.CAP_PROP_FPS), 0
    while capture.grab():
        if index % every == 0:
            yield Frame(capture.retrieve()[1], index / fps, index)
        index += 1
    assert index, f"{path} gave no frame"


@cache
def scenes_of(path: Path, every: int) -> list[FrameResult]:
    return list(
        build_face_pipeline(Settings(), ByBrightness(), NOON).results(clip_frames(path, every))
    )


@pytest.mark.data
@pytest.mark.parametrize(
    ("clip", "every", "tracks"),
    [
        ("single_face.mp4", 6, 1),
        ("office_face_multi.mp4", 4, 1),
        ("face_noface.mov", 6, 1),
        ("sorry.mkv", 6, 1),
        ("walking_faces.mp4", 1, 3),
        ("01-01-01-01-01-01-01.mp4", 6, 1),
        ("no_people_bottles.mp4", 40, 0),
        ("no_face.mp4", 10, 0),
    ],
)
def test_a_real_clip_has_as_many_tracks_as_people(
    data_dir: Path, clip: str, every: int, tracks: int
) -> None:
    frame_results = scenes_of(data_dir / "video" / clip, every)
    seen = {
        seen.face.track_id for frame_result in frame_results for seen in frame_result.observations
    }
    assert seen == set(range(1, tracks + 1))
    reported = {event.track_id for frame_result in frame_results for event in frame_result.events}
    assert reported == seen


@pytest.mark.data
def test_the_face_that_leaves_is_not_reported_after_it_left(data_dir: Path) -> None:
    frame_results = scenes_of(data_dir / "video" / "face_noface.mov", 6)
    shown = [
        frame_result.frame.index for frame_result in frame_results if frame_result.observations
    ]
    assert min(shown) < 24
    assert 60 < max(shown) < 80
