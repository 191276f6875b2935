"""Sequence models at work: the course of each face, its pace, its preprocessing, its end."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import tiny_model
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from typer.testing import CliRunner

from edge.cli.main import app
from edge.errors import ModelError
from edge.models import read_card
from edge.pipeline.face import build_face_pipeline
from edge.pipeline.schedule import FixedIntervalScheduler
from edge.pipeline.sequence import SequenceBuffer
from edge.pipeline.track import State, Track
from edge.settings.sections import PreprocessSettings, Settings
from edge.sources.video import open_source
from edge.types import Prediction
from edge.vision.preprocess import Preprocessor
from edge.vision.sequence_settings import SequenceSettings

SEQUENCE = SequenceSettings(frames=4, step_s=0.5)
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def picture(level: int) -> NDArray[np.uint8]:
    return np.full((48, 48), level, np.uint8)


def levels(sequence: NDArray[np.uint8]) -> list[int]:
    assert (sequence == sequence[:, :1, :1]).all(), "pictures are kept whole"
    return [int(one[0, 0]) for one in sequence]


def test_a_new_face_has_always_looked_as_it_does() -> None:
    sequence = SequenceBuffer(SEQUENCE).add(Track(), picture(9), 3.0)
    assert (sequence.shape, sequence.dtype.name) == ((4, 48, 48), "uint8")
    assert levels(sequence) == [9, 9, 9, 9]


def test_the_oldest_picture_goes() -> None:
    sequences, track = SequenceBuffer(SEQUENCE), Track()
    seen = [levels(sequences.add(track, picture(n), n * 0.5)) for n in range(6)]
    assert seen == [
        [0, 0, 0, 0],
        [0, 0, 0, 1],
        [0, 0, 1, 2],
        [0, 1, 2, 3],
        [1, 2, 3, 4],
        [2, 3, 4, 5],
    ]


def test_what_was_not_seen_is_like_what_was_seen_before() -> None:
    sequences, track = SequenceBuffer(SEQUENCE), Track()
    sequences.add(track, picture(1), 0.0)
    assert levels(sequences.add(track, picture(2), 1.5)) == [1, 1, 1, 2]
    assert levels(sequences.add(track, picture(3), 2.4)) == [1, 2, 2, 3]
    assert levels(sequences.add(track, picture(4), 60.0)) == [3, 3, 3, 4]


def test_a_clock_that_jumps_back_begins_anew() -> None:
    sequences, track = SequenceBuffer(SEQUENCE), Track()
    sequences.add(track, picture(1), 9.0)
    assert levels(sequences.add(track, picture(2), 1.0)) == [2, 2, 2, 2]


def test_faces_keep_to_themselves() -> None:
    sequences, one, other = SequenceBuffer(SEQUENCE), Track(), Track()
    sequences.add(one, picture(1), 0.0)
    sequences.add(other, picture(2), 0.0)
    assert levels(sequences.add(one, picture(3), 0.5)) == [1, 1, 1, 3]
    assert levels(sequences.add(other, picture(4), 0.5)) == [2, 2, 2, 4]


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30), st.integers(2, 9))
def test_at_any_times_a_course_ends_with_the_newest_picture(
    times_s: list[float], frames: int
) -> None:
    sequences, track = SequenceBuffer(SequenceSettings(frames=frames, step_s=0.3)), Track()
    for n, timestamp_s in enumerate(times_s):
        seen = levels(sequences.add(track, picture(n), timestamp_s))
        assert len(seen) == frames
        assert seen[-1] == n
        assert seen == sorted(seen), "in the order they came"


def test_the_pace_is_even_whatever_the_network_says() -> None:
    pace, track = FixedIntervalScheduler(0.5), Track()
    due = []
    for n in range(31):
        if pace.cached(track, n / 10, event_due=True) is None:
            due.append(n)
            top = np.eye(2, dtype=np.float32)[n % 2]
            unlike = State("a", 0.5, np.float32([0.5, 0.5]), changed=True)
            pace.record(track, Prediction(("a", "b"), top), unlike, n / 10)
    assert due == [0, 5, 10, 15, 20, 25, 30]


class Recorder:
    """Keeps the courses that it is given."""

    def __init__(self) -> None:
        self.seen: list[NDArray[np.uint8]] = []

    def classify(self, image: NDArray[np.uint8], /) -> Prediction:
        self.seen.append(image.copy())
        return Prediction(("a", "b"), np.float32([0.9, 0.1]))


def judged_at(sequence: SequenceSettings, recorder: Recorder, frames: int) -> list[float]:
    """When the first face of the bundled sample was judged: its first `frames`, every other."""
    path = build_face_pipeline(Settings(), recorder, NOON, sequence=sequence)
    judged = []
    with open_source("synthetic", settings=Settings().camera) as source:
        for frame_result in path.results(islice(source, 0, frames, 2)):
            judged += [
                frame_result.frame.timestamp_s
                for seen in frame_result.observations
                if seen.fresh and seen.face.track_id == 1
            ]
    return judged


def test_the_network_is_given_courses_a_step_apart() -> None:
    recorder = Recorder()
    judged = judged_at(SEQUENCE, recorder, 120)
    assert len(judged) > 3
    apart = np.diff(judged)
    assert (apart >= 0.49).all()
    assert np.median(apart) < 0.6
    assert {sequence.shape for sequence in recorder.seen} == {(4, 48, 48)}
    first, second = recorder.seen[:2]
    np.testing.assert_array_equal(second[-2], first[-1])


def test_pictures_are_prepared_as_the_card_says_and_not_the_settings() -> None:
    plain, evened = Recorder(), Recorder()
    judged_at(SEQUENCE, plain, 30)
    judged_at(SequenceSettings(frames=4, step_s=0.5, equalise=True, smooth=True), evened, 30)
    device = Preprocessor(PreprocessSettings(equalise=True, smooth=True))
    for one, other in zip(plain.seen[0], evened.seen[0], strict=True):
        np.testing.assert_array_equal(device.normalise(one.copy()), other)


def test_a_face_that_left_leaves_no_course() -> None:
    path = build_face_pipeline(Settings(), Recorder(), NOON, sequence=SEQUENCE)
    with open_source("synthetic", settings=Settings().camera) as source:
        frames = list(islice(source, 0, 30, 2))
    assert any(frame_result.observations for frame_result in path.results(frames))
    assert any(track.sequence is not None for track in path._tracks.values())
    gone = type(frames[0])(np.zeros_like(frames[0].pixels), frames[-1].timestamp_s + 60, 10_000)
    list(path.results([gone]))
    assert not path._tracks


def test_a_card_keeps_what_a_model_sees(tmp_path: Path) -> None:
    model = tiny_model.write(tmp_path, sequence=SEQUENCE)
    card = read_card(model.path.with_suffix(".json"))
    assert card == model.card
    assert card.sequence == SEQUENCE
    assert SEQUENCE.span_s == pytest.approx(1.5)
    assert json.loads(model.path.with_suffix(".json").read_text())["preprocessing"]["frames"] == 4


def test_a_video_model_needs_to_say_its_step(tmp_path: Path) -> None:
    model = tiny_model.write(tmp_path, sequence=SEQUENCE)
    path = model.path.with_suffix(".json")
    card = json.loads(path.read_text())
    card["preprocessing"] = PreprocessSettings().model_dump()
    path.write_text(json.dumps(card))
    with pytest.raises(ModelError, match="not that of a video model"):
        read_card(path)


def test_edge_run_takes_a_video_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    model = tiny_model.write(tmp_path, sequence=SEQUENCE)
    arguments = ["run", "--camera", "synthetic", "--model", str(model.path), "--output", "jsonl"]
    done = CliRunner().invoke(app, [*arguments, "--log", "none"])
    assert done.exit_code == 0, done.output
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events
    assert {(event["modality"], event["model"]) for event in events} == {("face", "tiny")}
