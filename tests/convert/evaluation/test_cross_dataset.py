"""`edge-convert judge`: other people's faces, in class folders of any kind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from convert.cli import main as cli
from convert.datasets import class_folders as class_folders
from edge.cli.app import run_app
from edge.errors import DataError, MissingDataError, UsageError
from edge.models.labels import SHARED
from edge.settings.sections import CameraSettings, PreprocessSettings
from edge.sources.video import open_source

Judge = Callable[..., tuple[int, str, str]]
PLAIN = PreprocessSettings()


@pytest.fixture
def judge(capsys: pytest.CaptureFixture[str]) -> Judge:
    def run(*arguments: object) -> tuple[int, str, str]:
        argv = ["judge", *map(str, arguments)]
        code = run_app(cli.app, "edge-convert", argv)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    """A frame of the bundled sample: BGR, one face in it."""
    with open_source("synthetic", settings=CameraSettings()) as source:
        return next(iter(source)).image


def write(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image)


def gray(side: int, level: int = 90) -> np.ndarray:
    return np.full((side, side), level, np.uint8)


def test_names_of_other_sets_are_read_as_ours() -> None:
    names = class_folders.known_names()
    for label in SHARED:
        assert names[label] == label
    for name, label in (("anger", "angry"), ("happiness", "happy"), ("fearful", "fear")):
        assert names[name] == label


def test_pictures_of_any_size_colour_and_format(tmp_path: Path, portrait: np.ndarray) -> None:
    write(tmp_path / "anger" / "a.png", gray(48))
    write(tmp_path / "2_Happiness" / "a.tiff", gray(30).astype(np.uint16) * 256)
    write(tmp_path / "2_Happiness" / "deeper" / "b.jpg", portrait)
    write(tmp_path / "neutral" / "a.bmp", np.zeros((90, 20, 3), np.uint8))
    (tmp_path / "neutral" / "notes.txt").write_text("no picture")
    found = class_folders.load(tmp_path, PLAIN)
    assert found.images.shape == (4, 48, 48)
    assert found.classes == {"2_Happiness": "happy", "anger": "angry", "neutral": "neutral"}
    assert [SHARED[label] for label in found.labels] == ["happy", "happy", "angry", "neutral"]
    assert found.found == 1


def test_a_face_is_found_where_there_is_room_for_one(tmp_path: Path, portrait: np.ndarray) -> None:
    write(tmp_path / "happy" / "a.png", portrait)
    found, whole = (class_folders.load(tmp_path, PLAIN, faces) for faces in ("find", "whole"))
    assert (found.found, whole.found) == (1, 0)
    middle = portrait.shape[1] // 2 + np.array([-1, 1]) * portrait.shape[0] // 2
    square = cv2.cvtColor(portrait[:, middle[0] : middle[1]], cv2.COLOR_BGR2GRAY)
    expected = cv2.resize(square, (48, 48), interpolation=cv2.INTER_AREA).astype(int)
    assert np.abs(whole.images[0] - expected).mean() < 3
    assert np.abs(found.images[0] - expected).mean() > 10


def test_what_is_no_label_is_said_and_may_be_named(tmp_path: Path, judge: Judge) -> None:
    for name in ("happy", "contempt"):
        write(tmp_path / name / "a.png", gray(48))
    (tmp_path / "empty").mkdir()
    code, out, _ = judge("cnn_lstm", "--data", tmp_path)
    assert code == 0
    assert "pictures  1\n" in out
    assert "1 of 'contempt'" in out
    assert "empty" not in out
    code, out, _ = judge("cnn_lstm", "--data", tmp_path, "--label", "Contempt=disgust", "--json")
    figures = json.loads(out)
    assert (code, figures["faces"], figures["left_out"]) == (0, 2, {})
    assert figures["classes"] == {"contempt": "disgust", "happy": "happy"}


def test_figures_are_those_of_the_faces(tmp_path: Path, judge: Judge) -> None:
    """Black pictures have one answer; what they are called decides how often it is right."""
    write(tmp_path / "all" / "happy" / "0.png", gray(48, 0))
    first = json.loads(judge("cnn_lstm", "--data", tmp_path / "all", "--json")[1])
    answer = SHARED[int(np.argmax(first["confusion"][SHARED.index("happy")]))]
    other = "sad" if answer != "sad" else "fear"
    for i in range(3):
        write(tmp_path / "some" / answer / f"{i}.png", gray(48, 0))
    write(tmp_path / "some" / other / "0.png", gray(48, 0))
    plot = tmp_path / "confusion.png"
    code, out, _ = judge("cnn_lstm", "--data", tmp_path / "some", "--json", "--plot", plot)
    figures = json.loads(out)
    assert code == 0
    assert figures["accuracy"] == 0.75
    low, high = figures["interval"]
    assert low < 0.75 < high
    assert figures["recalls"] == dict.fromkeys(SHARED) | {answer: 1.0, other: 0.0}
    assert plot.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("folder", "kind", "named"),
    [
        ("none", MissingDataError, "there is no folder"),
        ("parts", DataError, "holds parts, not labels"),
        ("strange", DataError, "contempt only"),
        ("empty", DataError, "holds no pictures"),
        ("damaged", DataError, r"cut\.png is truncated"),
        ("text", DataError, r"text\.tiff is damaged"),
    ],
)
def test_what_cannot_be_read_is_named(
    tmp_path: Path, folder: str, kind: type[Exception], named: str
) -> None:
    write(tmp_path / "parts" / "train" / "happy" / "a.png", gray(48))
    write(tmp_path / "strange" / "contempt" / "a.png", gray(48))
    (tmp_path / "empty" / "happy").mkdir(parents=True)
    write(tmp_path / "damaged" / "happy" / "cut.png", gray(48))
    cut = tmp_path / "damaged" / "happy" / "cut.png"
    cut.write_bytes(cut.read_bytes()[:-20])
    (tmp_path / "text" / "happy").mkdir(parents=True)
    (tmp_path / "text" / "happy" / "text.tiff").write_text("no picture")
    with pytest.raises(kind, match=named):
        class_folders.load(tmp_path / folder, PLAIN)


def test_wrong_arguments_are_one_sentence(tmp_path: Path, judge: Judge) -> None:
    write(tmp_path / "happy" / "a.png", gray(48))
    with pytest.raises(UsageError, match="choose one of"):
        class_folders.load(tmp_path, PLAIN, renamed={"happy": "glad"})
    for arguments, named in (
        (["cnn_lstm", "--label", "x"], "NAME=LABEL"),
        (["cnn_lstm", "--faces", "some"], "find or whole"),
        (["audio_crnn"], "looks at no face"),
    ):
        code, out, said = judge(*arguments, "--data", tmp_path)
        assert (code, out) == (2, "")
        assert named in said
        assert len(said.splitlines()) == 1
