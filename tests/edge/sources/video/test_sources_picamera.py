"""The Raspberry Pi camera's adapter, against a stand-in for picamera2."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path

import pytest
from rigs import fake_picamera2
from rigs.fake_picamera2 import LEFT, RIGHT, FakePicamera2

from edge.errors import MissingDeviceError, MissingPackageError, SourceError
from edge.settings.sections import CameraSettings
from edge.sources.video import devices, list_cameras, open_source
from edge.sources.video.spec import Spec

FORMATS = ["RGB888", "BGR888", "XRGB8888", "YUV420", "NV12"]


def settings(pixel_format: str = "RGB888", **changes: float) -> CameraSettings:
    return CameraSettings.model_validate(
        {
            "width": 320,
            "height": 240,
            "retry_delay_s": 0.01,
            "pixel_format": pixel_format,
            **changes,
        }
    )


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> type[FakePicamera2]:
    made, found = fake_picamera2.module()
    monkeypatch.setitem(sys.modules, "picamera2", made)
    monkeypatch.setattr(devices.importlib.util, "find_spec", lambda name: made)
    return found


@pytest.mark.parametrize("pixel_format", FORMATS)
def test_every_format_has_the_right_colours(camera: type[FakePicamera2], pixel_format: str) -> None:
    with open_source("picamera", settings=settings(pixel_format)) as source:
        image = next(iter(source)).image
    assert image.shape == (240, 320, 3)
    assert image[120, 40].tolist() == pytest.approx(LEFT, abs=6)
    assert image[120, 280].tolist() == pytest.approx(RIGHT, abs=6)


def test_asks_for_size_format_and_rate_and_closes(camera: type[FakePicamera2]) -> None:
    with open_source("picamera", settings=settings("YUV420", fps=15)) as source:
        next(iter(source))
        assert source.fps == 15
    (used,) = camera.opened
    assert used.configuration == {
        "main": {"size": (320, 240), "format": "YUV420"},
        "controls": {"FrameRate": 15},
    }
    assert used.closed


def test_another_format_than_asked_for_is_an_error(camera: type[FakePicamera2]) -> None:
    camera.gives = "MJPEG"
    with pytest.raises(
        SourceError, match=r"gives MJPEG where camera\.pixel_format asks for RGB888"
    ):
        open_source("picamera", settings=settings()).__enter__()
    assert camera.opened[0].closed


def test_no_camera_is_a_missing_device(camera: type[FakePicamera2]) -> None:
    camera.cameras = []
    with (
        pytest.raises(MissingDeviceError, match="finds no camera"),
        open_source("picamera", settings=settings()),
    ):
        pass


def test_a_camera_that_stops_is_opened_again(camera: type[FakePicamera2]) -> None:
    camera.frames_until_dead = 3
    with open_source("picamera", settings=settings(retries=1)) as source:
        assert [each.index for each in islice(source, 7)] == list(range(7))
    assert len(camera.opened) == 3
    assert all(each.closed for each in camera.opened)


def test_a_camera_that_stays_dead_ends_with_the_reason(camera: type[FakePicamera2]) -> None:
    camera.frames_until_dead = 3
    with open_source("picamera", settings=settings(retries=0)) as source:
        assert len(list(source)) == 3
    assert source.ended == "camera died: no frame came within 1.5 s"
    assert source.failed


def test_without_picamera2_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(MissingPackageError) as caught, open_source("picamera", settings=settings()):
        pass
    message = str(caught.value)
    assert "sudo apt install python3-picamera2" in message
    assert "--system-site-packages" in message
    assert "never by pip" in message


def test_auto_prefers_a_pi_camera_but_not_usb_by_libcamera(
    camera: type[FakePicamera2], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "v4l2_cameras", list)
    assert list_cameras() == [("picamera", "imx219")]
    assert devices.first_camera(settings()) == Spec("picamera")
    camera.cameras = [{"Model": "webcam", "Id": "/base/soc/usb@7e980000/usb-port@1", "Num": 0}]
    assert list_cameras() == []


@pytest.mark.parametrize("pixel_format", ["YUV420", "NV12"])
def test_video_formats_give_their_luma_as_gray(
    camera: type[FakePicamera2], pixel_format: str
) -> None:
    with open_source("picamera", settings=settings(pixel_format)) as source:
        frame = next(iter(source))
    blue, green, red = LEFT
    assert frame.pixels.shape[0] == 360  # not converted
    assert frame.gray.shape == (240, 320)
    luma = 0.114 * blue + 0.587 * green + 0.299 * red
    assert frame.gray[120, 40] == pytest.approx(luma, abs=3)


def test_one_built_for_another_numpy_is_told_with_the_command_that_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As bookworm's picamera2 fails beside numpy 2: by a ValueError out of its import."""
    package = tmp_path / "picamera2"
    package.mkdir()
    (package / "__init__.py").write_text("raise ValueError('numpy.dtype size changed')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "picamera2", raising=False)
    assert devices.pi_cameras() == []
    with pytest.raises(MissingPackageError) as caught, open_source("picamera", settings=settings()):
        pass
    assert "numpy.dtype size changed" in str(caught.value)
    assert "pip install 'numpy<2'" in str(caught.value)
