"""`edge` as a library: the same answers as the command's, from plain values."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import tiny_model
from places import PORTRAIT

import edge
from edge.settings.sections import ModelSettings, Settings
from edge.types import EmotionEvent


def test_a_picture_by_path_and_by_its_pixels_say_the_same() -> None:
    (by_path,) = edge.classify_picture(PORTRAIT)
    pixels = cv2.imread(str(PORTRAIT))
    (by_pixels,) = edge.classify_picture(np.asarray(pixels, np.uint8))
    assert by_path.face == by_pixels.face
    assert by_path.prediction.label == by_pixels.prediction.label


def test_a_pipeline_over_arrays_follows_one_person() -> None:
    pixels = np.asarray(cv2.imread(str(PORTRAIT)), np.uint8)
    results = list(edge.run_pipeline([pixels] * 8, fps=10))
    assert [result.frame.index for result in results] == list(range(8))
    assert {seen.face.track_id for result in results for seen in result.observations} == {1}


def test_a_model_by_name_classifies_a_patch() -> None:
    with edge.open_model("edge_net") as network:
        prediction = network.classify(np.zeros((48, 48), np.uint8))
    assert prediction.scores.sum() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    ("shape", "colour"), [((96, 96, 3), "bgr"), ((64, 40, 3), ""), ((32, 32, 1), "")]
)
@pytest.mark.parametrize("gray", [False, True])
def test_a_network_of_one_s_own_in_any_size_and_colour(
    tmp_path: Path, shape: tuple[int, int, int], colour: str, gray: bool
) -> None:
    path = tmp_path / "mine.tflite"
    path.write_bytes(tiny_model.build("float32", classes=3, picture_shape=shape))
    own = ModelSettings(name=str(path), labels=("a", "b", "c"), scaling="0-1", colour=colour)  # type: ignore[arg-type]
    pixels = np.asarray(cv2.imread(str(PORTRAIT)), np.uint8)
    image = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY) if gray else pixels
    (seen,) = edge.classify_picture(np.asarray(image), settings=Settings(model=own))
    assert seen.prediction.labels == ("a", "b", "c")
    assert seen.prediction.scores.sum() == pytest.approx(1)
    said = edge.Description(labels=own.labels, scaling="0-1", colour=own.colour)
    with edge.open_model(path, said) as network:
        assert network.card.input_shape == shape
        network.classify(np.zeros(network.card.picture_format.shape, np.uint8))


def test_a_network_that_looks_at_no_face_is_refused() -> None:
    with pytest.raises(edge.EdgeError, match="give one for faces"):
        edge.classify_picture(PORTRAIT, model="audio_crnn")


def test_events_are_received_and_nothing_is_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    received: list[EmotionEvent] = []
    summary = edge.listen(received.append, camera="synthetic", frames=40)
    assert summary.events == len(received) > 0
    assert not list(tmp_path.iterdir())


def test_what_a_callback_raises_reaches_the_caller() -> None:
    def fail(event: EmotionEvent) -> None:
        raise LookupError(event.label)

    with pytest.raises(LookupError):
        edge.listen(fail, camera="synthetic", frames=60)


def test_a_file_that_is_absent_is_named() -> None:
    with pytest.raises(edge.EdgeError, match=r"nowhere\.jpg"):
        edge.classify_picture("nowhere.jpg")


def test_a_speech_function_refuses_a_network_for_faces() -> None:
    with pytest.raises(edge.EdgeError, match="give one for speech"):
        edge.classify_sound(np.zeros(16_000, np.float32), model="edge_net")


def test_importing_edge_loads_nothing_else() -> None:
    code = "import sys, edge; print('numpy' in sys.modules, 'cv2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_every_public_name_is_there() -> None:
    assert all(getattr(edge, name) is not None for name in edge.__all__)
    with pytest.raises(AttributeError, match="no_such"):
        _ = edge.no_such
