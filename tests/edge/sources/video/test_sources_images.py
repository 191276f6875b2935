"""Folders of pictures."""

from __future__ import annotations

import logging
from pathlib import Path

import cv2
import numpy as np
import pytest
from rigs.clips import frame

from edge.errors import MissingDataError, SourceError
from edge.settings.sections import CameraSettings
from edge.sources.video.images import ImagesSource

SETTINGS = CameraSettings(fps=4)


def save(path: Path, image: np.ndarray) -> None:
    assert cv2.imwrite(str(path), image)


def test_order_is_natural_and_the_rate_is_the_settings(tmp_path: Path) -> None:
    for number in (10, 2, 1):
        save(tmp_path / f"face{number}.png", frame(number))
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "._face3.png").write_bytes(b"what a Mac leaves beside a file")
    with ImagesSource(str(tmp_path), SETTINGS) as source:
        frames = list(source)
    assert [each.image[0, 0, 0] for each in frames] == [24, 28, 60]
    assert [each.timestamp_s for each in frames] == [0, 0.25, 0.5]
    assert source.ended is not None
    assert "1 of 4 files were left out (1: it is no picture)" in source.ended


def test_gray_deep_transparent_and_tiny_pictures_are_taken(tmp_path: Path) -> None:
    save(tmp_path / "a_gray.png", np.full((5, 7), 90, np.uint8))
    save(tmp_path / "b_deep.png", np.full((3, 5), 25700, np.uint16))
    save(tmp_path / "c_clear.png", np.full((1, 1, 4), (10, 20, 30, 128), np.uint8))
    with ImagesSource(str(tmp_path), SETTINGS) as source:
        gray, deep, clear = (each.image for each in source)
    assert gray.shape == (5, 7, 3)
    assert (gray == 90).all()
    assert (deep == 100).all()
    assert clear[0, 0].tolist() == [10, 20, 30]


def test_an_unreadable_picture_is_named_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    save(tmp_path / "1.png", frame(1))
    (tmp_path / "2.png").write_bytes(b"\x89PNG\r\n\x1a\n and then nothing of the kind")
    (tmp_path / "3.jpg").touch()
    save(tmp_path / "4.png", frame(4))
    with caplog.at_level(logging.WARNING), ImagesSource(str(tmp_path), SETTINGS) as source:
        frames = list(source)
    assert [each.index for each in frames] == [0, 1]
    assert source.left_out.total() == 2
    assert source.ended is not None
    assert source.ended.startswith(f"end of {tmp_path.name}: 2 of 4 files were left out")
    warned = [record.getMessage() for record in caplog.records]
    assert len(warned) == 2
    assert "2.png" in warned[0]
    assert "3.jpg was left out: it is empty" in warned[1]


def test_a_single_picture_is_a_source_of_one_frame(tmp_path: Path) -> None:
    save(tmp_path / "face.png", frame(0))
    with ImagesSource(str(tmp_path / "face.png"), SETTINGS) as source:
        assert len(list(source)) == 1
    assert source.ended == "end of face.png"


def test_a_folder_without_pictures_is_an_error(tmp_path: Path) -> None:
    with (
        pytest.raises(SourceError, match="there is no picture in"),
        ImagesSource(str(tmp_path), SETTINGS),
    ):
        pass


def test_pictures_none_of_which_can_be_read_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"junk")
    with ImagesSource(str(tmp_path), SETTINGS) as source:
        with pytest.raises(SourceError, match="cannot be decoded"):
            list(source)
        assert source.failed


def test_a_folder_that_vanished_is_missing_data(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError), ImagesSource(str(tmp_path / "gone"), SETTINGS):
        pass
