"""Boxes and labels on pictures: where they are, that they stay inside, and the files they go to."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from samples import fill, small_disk

from edge.annotate import Annotation, open_annotation
from edge.annotate.draw import colour, draw
from edge.errors import SinkError, UsageError
from edge.types import UNKNOWN, Face, Frame

EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral", UNKNOWN)


def seen(face: Face, label: str = "happy", confidence: float = 0.87) -> Any:
    return SimpleNamespace(face=face, state=SimpleNamespace(label=label, confidence=confidence))


def frame_result(index: int, width: int = 64, height: int = 48, *faces: Face) -> Any:
    image = np.full((height, width, 3), 40 + index, np.uint8)
    frame = Frame(image, index / 30, index)
    return SimpleNamespace(frame=frame, observations=tuple(map(seen, faces)), events=())


def opened(path: str | Path, fps: float) -> Annotation:
    annotation = open_annotation(path)
    annotation.begin(fps)
    return annotation


@pytest.mark.parametrize(("width", "height"), [(320, 240), (640, 480), (1920, 1080)])
def test_a_face_has_a_box_in_its_colour_and_a_plate_with_letters(width: int, height: int) -> None:
    image = np.zeros((height, width, 3), np.uint8)
    face = Face(width // 4, height // 2, width // 4, height // 4)
    draw(image, [seen(face)])
    paint = colour("happy")
    for x, y in ((face.x, face.y + 20), (face.x + 20, face.y), (face.x + face.width - 1, face.y)):
        assert tuple(image[y, x]) == paint
    assert not image[face.y + face.height // 2, face.x + face.width // 2].any()
    plate = (image[: face.y - 3] == paint).all(axis=2)
    rows, columns = np.where(plate)
    # 320 px across is the least: letters of 8 px there, larger in larger pictures.
    assert rows.max() - rows.min() >= 12 * (width / 320) ** 0.5
    letters = ~plate[rows.min() : rows.max(), columns.min() : columns.max()]
    assert 0.05 < letters.mean() < 0.6


@pytest.mark.parametrize(
    "face",
    [
        Face(0, 0, 80, 80),
        Face(250, 0, 70, 70),
        Face(-20, -30, 100, 100),
        Face(300, 220, 60, 60),
        Face(0, 0, 320, 240),
    ],
    ids=str,
)
def test_the_plate_is_whole_wherever_the_face_is(face: Face) -> None:
    def plate_px(face: Face) -> int:
        image = np.zeros((240, 320, 3), np.uint8)
        draw(image, [seen(face)])
        cv2.rectangle(
            image, (face.x, face.y), (face.x + face.width, face.y + face.height), (0,) * 3, 3
        )
        return int((image == colour("happy")).all(axis=2).sum())

    free = plate_px(Face(100, 100, 80, 80))
    image = np.zeros((240, 320, 3), np.uint8)
    draw(image, [seen(face)])
    assert (image == colour("happy")).all(axis=2).sum() >= 0.85 * free


def test_each_emotion_has_its_own_colour_and_a_new_one_keeps_its() -> None:
    assert len({colour(label) for label in (*EMOTIONS, "calm")}) == len(EMOTIONS) + 1
    assert colour("calm") == colour("calm")


@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
def test_a_video_holds_a_picture_per_scene(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"out{suffix}"
    with opened(path, fps=30) as video:
        for index in range(12):
            video.show(frame_result(index, 64, 48, Face(5, 20, 20, 20)))
    film = cv2.VideoCapture(str(path))
    assert film.get(cv2.CAP_PROP_FRAME_COUNT) == 12
    assert film.get(cv2.CAP_PROP_FPS) == pytest.approx(30)
    assert film.read()[1].shape == (48, 64, 3)
    film.release()


def test_scenes_of_other_sizes_are_fitted_and_left_as_they_are(tmp_path: Path) -> None:
    frame_results = [
        frame_result(0, 64, 48),
        frame_result(1, 321, 241, Face(9, 50, 99, 99)),
        frame_result(2, 64, 48),
    ]
    with opened(tmp_path / "out.mp4", fps=30) as video:
        for one in frame_results:
            video.show(one)
    assert (frame_results[1].frame.image == 41).all()
    film = cv2.VideoCapture(str(tmp_path / "out.mp4"))
    assert film.get(cv2.CAP_PROP_FRAME_COUNT) == 3
    film.release()


@pytest.mark.parametrize("name", ["pictures/", "pictures", "made.already"])
def test_a_folder_takes_pictures(tmp_path: Path, name: str) -> None:
    (tmp_path / "made.already").mkdir()
    with opened(f"{tmp_path}/{name}", fps=30) as pictures:
        for number in range(3):
            pictures.show(frame_result(number))
    folder = tmp_path / name
    assert sorted(part.name for part in folder.glob("[!.]*")) == [
        "000000.jpg",
        "000001.jpg",
        "000002.jpg",
    ]
    assert cv2.imread(str(folder / "000002.jpg")).shape == (48, 64, 3)


def test_after_close_nothing_is_taken_and_closing_again_is_harmless(tmp_path: Path) -> None:
    video = opened(tmp_path / "out.mp4", fps=30)
    video.show(frame_result(0))
    video.close()
    video.close()
    video.flush()
    with pytest.raises(SinkError, match="closed"):
        video.show(frame_result(1))


def test_no_scene_leaves_no_file(tmp_path: Path) -> None:
    opened(tmp_path / "out.mp4", fps=30).close()
    assert not list(tmp_path.iterdir())


def test_wrong_arguments_are_said_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"OUT\.mp4"):
        opened(tmp_path / "out.gif", fps=30)
    with pytest.raises(UsageError, match="0 frames a second"):
        opened(tmp_path / "out.mp4", fps=0)
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "out.mp4", f"{tmp_path}/file/"):
        with pytest.raises(SinkError, match="cannot write"):
            opened(path, fps=30)


def test_a_size_without_an_encoder_is_one_error_and_leaves_no_file(tmp_path: Path) -> None:
    video = opened(tmp_path / "out.mp4", fps=30)
    with pytest.raises(SinkError, match="1x1 px"):
        video.show(frame_result(0, 1, 1))
    video.close()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("left_bytes", [0, 64 << 10])
@pytest.mark.parametrize("name", ["out.mp4", "pictures/"])
def test_a_full_disk_is_one_error(tmp_path: Path, name: str, left_bytes: int) -> None:
    random = np.random.default_rng(1)
    with small_disk(tmp_path / "card", "256k") as card:
        output = opened(f"{card}/{name}", fps=30)
        ballast = fill(card)
        os.truncate(ballast, ballast.stat().st_size - left_bytes)

        def record() -> None:
            with output:
                for index in range(20):
                    busy = frame_result(index, 320, 240)
                    busy.frame.image[:] = random.integers(0, 255, (240, 320, 3), np.uint8)
                    output.show(busy)

        with pytest.raises(SinkError, match="free space"):
            record()


def test_pictures_keep_names_that_are_no_text_too_long_or_of_two_lines(tmp_path: Path) -> None:
    """And a later run takes its own away, and not what a line of such a name says."""
    (tmp_path / "holiday.jpg").write_bytes(b"mine")
    names = [os.fsdecode(b"a\xff.jpg"), f"{'e' * 250}.jpg", "\N{SNOWMAN}" * 84, "x\nholiday.jpg"]
    for _ in range(2):
        with opened(f"{tmp_path}/", fps=30) as pictures:
            for index, name in enumerate(names):
                frame = Frame(np.zeros((48, 64, 3), np.uint8), 0.0, index, source=f"/in/{name}")
                pictures.show(SimpleNamespace(frame=frame, observations=(), events=()))
    with opened(f"{tmp_path}/", fps=30) as pictures:
        pictures.show(frame_result(0))
    assert (tmp_path / "holiday.jpg").read_bytes() == b"mine"
    assert len(list(tmp_path.glob("*.jpg"))) == 2


def test_a_name_that_opencv_cannot_take_is_said_before_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = tmp_path / os.fsdecode(b"a\xff.mp4")
    with opened(bad, fps=30) as video:
        video.show(frame_result(0))
    assert bad.stat().st_size > 0
    monkeypatch.setattr("edge.annotate.encoders.find_spec", lambda name: None)
    for path in (bad, bad.with_suffix(".avi")):
        with pytest.raises(UsageError, match="no UTF-8"):
            opened(path, fps=30)
