"""What a `--camera` argument means."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from places import PORTRAIT

from edge.errors import MissingDataError, MissingDeviceError, UsageError
from edge.settings.sections import CameraSettings
from edge.sources.video import devices, open_source
from edge.sources.video.file import VideoSource
from edge.sources.video.images import ImagesSource
from edge.sources.video.spec import Spec, parse

SETTINGS = CameraSettings()


@pytest.mark.parametrize(
    ("spec", "kind", "target"),
    [
        ("auto", "auto", ""),
        ("picamera", "picamera", ""),
        ("synthetic", "synthetic", ""),
        ("0", "camera", "/dev/video0"),
        ("012", "camera", "/dev/video12"),
        ("/dev/video2", "camera", "/dev/video2"),
        ("rtsp://10.0.0.5/cam", "stream", "rtsp://10.0.0.5/cam"),
        ("http://user:word@cam:81/?a=b", "stream", "http://user:word@cam:81/?a=b"),
        ("https://[::1]/x", "stream", "https://[::1]/x"),
        ("clip.mp4", "path", "clip.mp4"),
        ("./0", "path", "./0"),
        ("/dev/videoX", "path", "/dev/videoX"),
        ("12345", "path", "12345"),
    ],
)
def test_each_form_is_understood(spec: str, kind: str, target: str) -> None:
    assert parse(spec) == Spec(kind, target)


@pytest.mark.parametrize(
    "spec",
    [
        "",
        "  ",
        "a\0b",
        "ftp://host/x",
        "://",
        "rtsp://",
        "http:///x",
        "http://h:port/",
        "http://[/",
    ],
)
def test_what_means_nothing_is_a_usage_error(spec: str) -> None:
    with pytest.raises(UsageError):
        parse(spec)


@given(st.text())
def test_any_text_is_understood_or_refused(spec: str) -> None:
    try:
        found = parse(spec)
    except UsageError:
        return
    assert found.kind in {"auto", "picamera", "synthetic", "camera", "stream", "path"}


@given(st.integers(0, 9999))
def test_an_index_is_its_device(index: int) -> None:
    assert parse(str(index)) == parse(f"/dev/video{index}") == Spec("camera", f"/dev/video{index}")


def test_the_disk_tells_file_from_folder_and_picture(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").touch()
    shutil.copy(PORTRAIT, tmp_path / "face.JPG")
    assert isinstance(open_source(str(tmp_path), settings=SETTINGS), ImagesSource)
    assert isinstance(open_source(str(tmp_path / "face.JPG"), settings=SETTINGS), ImagesSource)
    assert isinstance(open_source(str(tmp_path / "clip.mp4"), settings=SETTINGS), VideoSource)


def test_a_missing_file_is_missing_data() -> None:
    with pytest.raises(MissingDataError, match=r"no file or folder nowhere\.mp4"):
        open_source("nowhere.mp4", settings=SETTINGS)


def test_what_is_neither_file_nor_folder_is_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(UsageError, match="neither a file nor a folder"):
        open_source(str(pipe), settings=SETTINGS)
    with pytest.raises((UsageError, MissingDataError)):
        open_source("x" * 5000, settings=SETTINGS)


def test_auto_without_any_camera_says_what_to_try(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(devices, "pi_cameras", list)
    monkeypatch.setattr(devices, "SYSFS", tmp_path)
    with pytest.raises(MissingDeviceError, match=r"edge devices.*--camera FILE"):
        open_source("auto", settings=SETTINGS)
