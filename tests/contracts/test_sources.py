"""What every source must do, whatever it takes its frames from."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
from rigs import fake_picamera2
from rigs.clips import FakeCapture, frame, write_clip
from rigs.servers import mjpeg_server

from edge.errors import SourceError
from edge.settings.sections import CameraSettings
from edge.sources.video import _TABLE, FrameSource, open_source

SETTINGS = CameraSettings(
    width=320, height=240, open_timeout_s=2, read_timeout_s=1, retries=1, retry_delay_s=0.01
)
Maker = Callable[[pytest.MonkeyPatch, Path, str], FrameSource]


@pytest.fixture(scope="module")
def mjpeg() -> Iterator[str]:
    with mjpeg_server() as server:
        yield server.url("/alive")


def make_camera(patch: pytest.MonkeyPatch, folder: Path, url: str) -> FrameSource:
    from edge.sources.video import camera

    node = folder / "video0"
    node.touch()
    patch.setattr(camera, "open_capture", lambda *_: FakeCapture())
    return camera.CameraSource(str(node), SETTINGS)


def make_picamera(patch: pytest.MonkeyPatch, folder: Path, url: str) -> FrameSource:
    patch.setitem(sys.modules, "picamera2", fake_picamera2.module()[0])
    return open_source("picamera", settings=SETTINGS)


def make_video(patch: pytest.MonkeyPatch, folder: Path, url: str) -> FrameSource:
    return open_source(str(write_clip(folder / "clip.avi")), settings=SETTINGS)


def make_images(patch: pytest.MonkeyPatch, folder: Path, url: str) -> FrameSource:
    for number in range(12):
        assert cv2.imwrite(str(folder / f"{number}.png"), frame(number))
    return open_source(str(folder), settings=SETTINGS)


def make_stream(patch: pytest.MonkeyPatch, folder: Path, url: str) -> FrameSource:
    return open_source(url, settings=SETTINGS)


def make_animation(patch: pytest.MonkeyPatch, folder: Path, url: str) -> FrameSource:
    pillow = pytest.importorskip("PIL.Image")
    pictures = [pillow.fromarray(frame(number)) for number in range(12)]
    path = folder / "clip.webp"
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=100, lossless=True)
    return open_source(str(path), settings=SETTINGS)


def make_synthetic(patch: pytest.MonkeyPatch, folder: Path, url: str) -> FrameSource:
    return open_source("synthetic", settings=SETTINGS)


MAKERS: dict[str, Maker] = {
    "camera": make_camera,
    "picamera": make_picamera,
    "video": make_video,
    "images": make_images,
    "animation": make_animation,
    "stream": make_stream,
    "synthetic": make_synthetic,
}
LIVE = {"camera", "picamera", "stream"}


@pytest.fixture(params=MAKERS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def source(kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mjpeg: str) -> FrameSource:
    return MAKERS[kind](monkeypatch, tmp_path, mjpeg)


def test_every_registered_source_is_held_to_this() -> None:
    assert MAKERS.keys() == _TABLE.keys()


def test_delivers_bgr_frames_in_order(source: FrameSource) -> None:
    with source:
        frames = list(islice(source, 6))
    assert [each.index for each in frames] == list(range(6))
    times = [each.timestamp_s for each in frames]
    assert times == sorted(times)
    assert times[0] >= 0
    for each in frames:
        assert each.image.dtype == np.uint8
        assert each.image.ndim == 3
        assert each.image.shape[2] == 3


def test_says_what_it_is(kind: str, source: FrameSource) -> None:
    assert source.name
    assert source.live is (kind in LIVE)


def test_has_a_reason_only_once_it_ended(source: FrameSource) -> None:
    with source:
        assert source.ended is None
        assert next(iter(source)).index == 0
        assert source.ended is None
    assert source.ended == "closed"
    assert not source.failed


@pytest.mark.parametrize("kind", sorted(MAKERS.keys() - LIVE), indirect=True)
def test_what_is_finite_ends_as_planned(source: FrameSource) -> None:
    with source:
        delivered = len(list(source))
        assert delivered >= 12
        assert source.ended is not None
        assert source.ended.startswith("end of")
        assert list(source) == []
    assert source.ended.startswith("end of")
    assert not source.failed


def test_a_second_close_is_harmless(source: FrameSource) -> None:
    with source:
        next(iter(source))
    reason = source.ended
    source.close()
    source.close()
    assert source.ended == reason


def test_may_be_closed_before_it_was_opened(source: FrameSource) -> None:
    source.close()
    with source:
        assert next(iter(source)).index == 0


@pytest.mark.parametrize("opened_before", [False, True])
def test_outside_with_it_says_so(source: FrameSource, opened_before: bool) -> None:
    if opened_before:
        with source:
            pass
    with pytest.raises(SourceError, match="inside its `with`"):
        iter(source)


def test_cannot_be_opened_twice_at_once(source: FrameSource) -> None:
    with source, pytest.raises(SourceError, match="open already"), source:
        pass


def test_closing_from_another_thread_ends_the_iteration(source: FrameSource) -> None:
    with source:
        frames = iter(source)
        next(frames)
        closer = threading.Thread(target=source.close)
        closer.start()
        closer.join()
        assert list(islice(frames, 2)) == []
    assert source.ended == "closed"
