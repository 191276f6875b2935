"""V4L2 cameras: found by name, opened, unplugged, stuck."""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Iterator
from itertools import islice, repeat
from pathlib import Path

import cv2
import numpy as np
import pytest
from rigs.clips import FakeCapture, frame

from edge.errors import MissingDeviceError, SourceError
from edge.settings.sections import CameraSettings
from edge.sources import lifecycle as life
from edge.sources.video import camera, devices
from edge.sources.video.base import StaleWatch
from edge.sources.video.camera import CameraSource
from edge.sources.video.spec import Spec

SETTINGS = CameraSettings(width=320, height=240, retries=2, retry_delay_s=0.01)


@pytest.fixture
def node(tmp_path: Path) -> Path:
    path = tmp_path / "video0"
    path.touch()
    return path


def scripted(monkeypatch: pytest.MonkeyPatch, *captures: FakeCapture) -> None:
    """Each opening takes the next capture."""
    left = iter(captures)
    monkeypatch.setattr(camera, "open_capture", lambda *_: next(left))


def test_asks_for_the_settings(monkeypatch: pytest.MonkeyPatch, node: Path) -> None:
    capture = FakeCapture()
    scripted(monkeypatch, capture)
    with CameraSource(str(node), SETTINGS) as source:
        assert source.fps == 30
    assert capture.properties[cv2.CAP_PROP_FRAME_WIDTH] == 320
    assert capture.properties[cv2.CAP_PROP_FRAME_HEIGHT] == 240
    assert capture.released == 1


def test_an_absent_camera_is_a_missing_device(tmp_path: Path) -> None:
    with (
        pytest.raises(MissingDeviceError, match=r"no camera .*video9.*edge devices"),
        CameraSource(str(tmp_path / "video9"), SETTINGS),
    ):
        pass


def test_a_node_that_is_no_camera_is_an_error(node: Path) -> None:
    with (
        pytest.raises(SourceError, match="in use by another program, or no camera"),
        CameraSource(str(node), SETTINGS),
    ):
        pass


def speaking(code: str, images: Iterator[object]) -> FakeCapture:
    """A capture of a driver that delivers this format."""
    capture = FakeCapture(images)
    capture.properties[cv2.CAP_PROP_FOURCC] = float(cv2.VideoWriter.fourcc(*code))
    return capture


NATIVE = {
    "YUYV": ((48, 64, 2), "YUYV"),
    "UYVY": ((48, 64, 2), "UYVY"),
    "NV12": ((72, 64), "NV12"),
    "YU12": ((72, 64), "I420"),
    "GREY": ((48, 64), "GRAY"),
}


@pytest.mark.parametrize("code", NATIVE)
@pytest.mark.parametrize("flat", [False, True], ids=["", "one channel"])
def test_luma_is_taken_as_the_driver_gives_it(
    monkeypatch: pytest.MonkeyPatch, node: Path, code: str, flat: bool
) -> None:
    shape, ours = NATIVE[code]
    if flat and len(shape) == 2:
        shape = (*shape, 1)
    pixels = np.random.default_rng(2).integers(16, 236, shape).astype(np.uint8)
    capture = speaking(code, repeat(pixels))
    scripted(monkeypatch, capture)
    with CameraSource(str(node), SETTINGS) as source:
        given = next(iter(source))
    assert capture.properties[cv2.CAP_PROP_CONVERT_RGB] == 0
    assert given.pixel_format == ours
    assert np.shares_memory(given.pixels, pixels)
    assert given.gray.shape == (48, 64)
    assert given.image.shape == (48, 64, 3)


class UsbCamera(FakeCapture):
    """A driver with a rate for each of its formats, at the size that is asked for."""

    def __init__(self, **rates: float) -> None:
        super().__init__(repeat(frame(0)))
        self._rates = rates
        self._use(next(iter(rates)))

    def _use(self, code: str) -> None:
        self.properties[cv2.CAP_PROP_FOURCC] = float(cv2.VideoWriter.fourcc(*code))
        self.properties[cv2.CAP_PROP_FPS] = self._rates[code]

    def set(self, key: int, value: float) -> bool:
        if key == cv2.CAP_PROP_FOURCC:
            asked = [code for code in self._rates if cv2.VideoWriter.fourcc(*code) == int(value)]
            for code in asked:  # what it has not, a driver leaves as it is
                self._use(code)
            return bool(asked)
        return key == cv2.CAP_PROP_FPS or super().set(key, value)


@pytest.mark.parametrize(
    ("wanted", "rates", "used", "fps"),
    [
        ("auto", {"YUYV": 5.0, "MJPG": 30.0}, "MJPG", 30.0),  # 1280x720 over USB 2
        ("auto", {"YUYV": 30.0, "MJPG": 30.0}, "YUYV", 30.0),  # its own is fast enough
        ("auto", {"YUYV": 5.0}, "YUYV", 5.0),
        ("auto", {"YUYV": 5.0, "MJPG": 5.0}, "YUYV", 5.0),
        ("auto", {"MJPG": 30.0, "YUYV": 5.0}, "MJPG", 30.0),
        ("MJPG", {"YUYV": 30.0, "MJPG": 15.0}, "MJPG", 15.0),
        ("YUYV", {"MJPG": 30.0, "YUYV": 5.0}, "YUYV", 5.0),
        ("NV12", {"YUYV": 5.0, "NV12": 10.0}, "NV12", 10.0),
    ],
)
def test_the_format_is_the_one_that_is_set_or_the_faster(
    monkeypatch: pytest.MonkeyPatch, node: Path,
    wanted: str, rates: dict[str, float], used: str, fps: float,
) -> None:  # fmt: skip
    capture = UsbCamera(**rates)
    scripted(monkeypatch, capture)
    settings = SETTINGS.model_copy(update={"usb_format": wanted})
    with CameraSource(str(node), settings) as source:
        assert source.fps == fps
        assert next(iter(source)).image.shape == (48, 64, 3)
    assert capture.properties[cv2.CAP_PROP_FOURCC] == cv2.VideoWriter.fourcc(*used)


def test_a_format_that_the_camera_lacks_is_said(
    monkeypatch: pytest.MonkeyPatch, node: Path
) -> None:
    scripted(monkeypatch, UsbCamera(YUYV=30.0))
    settings = SETTINGS.model_copy(update={"usb_format": "MJPG"})
    with (
        pytest.raises(SourceError, match=r"does not give camera\.usb_format MJPG but YUYV"),
        CameraSource(str(node), settings),
    ):
        pass


def jpeg_of(picture: np.ndarray) -> np.ndarray:
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].reshape(1, -1)


COLOURED = np.stack([*np.meshgrid(np.arange(64) * 4, np.arange(48) * 5), np.full((48, 64), 90)], 2)


@pytest.mark.parametrize("tail", [b"", bytes(500)], ids=["", "a buffer's rest"])
def test_of_a_jpeg_the_luma_is_decoded_and_colours_when_looked_at(
    monkeypatch: pytest.MonkeyPatch, node: Path, tail: bytes
) -> None:
    picture = COLOURED.astype(np.uint8)
    data = np.append(jpeg_of(picture), np.frombuffer(tail, np.uint8)).reshape(1, -1)
    capture = speaking("MJPG", repeat(data))
    scripted(monkeypatch, capture)
    with CameraSource(str(node), SETTINGS) as source:
        given = next(iter(source))
    assert capture.properties[cv2.CAP_PROP_CONVERT_RGB] == 0
    expected = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    assert np.abs(given.gray.astype(int) - expected).mean() < 2
    assert given.gray is given.pixels
    assert np.abs(given.image.astype(int) - picture).mean() < 4


def test_bytes_that_are_no_jpeg_count_as_a_failure(
    monkeypatch: pytest.MonkeyPatch, node: Path
) -> None:
    data = jpeg_of(COLOURED.astype(np.uint8))
    noise = np.random.default_rng(4).integers(0, 255, (1, 300)).astype(np.uint8)
    scripted(monkeypatch, speaking("MJPG", iter([data, noise])), speaking("MJPG", repeat(data)))
    with CameraSource(str(node), SETTINGS) as source:
        assert [each.gray.shape for each in islice(source, 3)] == [(48, 64)] * 3


@pytest.mark.parametrize("code", ["MJPG", "YUYV"])
def test_what_comes_as_bgr_is_bgr(monkeypatch: pytest.MonkeyPatch, node: Path, code: str) -> None:
    scripted(monkeypatch, speaking(code, map(frame, range(3))))
    with CameraSource(str(node), SETTINGS) as source:
        given = next(iter(source))
    assert given.pixel_format == "BGR"
    assert given.image.shape == (48, 64, 3)


def test_what_stops_is_opened_again(monkeypatch: pytest.MonkeyPatch, node: Path) -> None:
    first, second = FakeCapture(map(frame, range(3))), FakeCapture(map(frame, range(3, 9)))
    scripted(monkeypatch, first, second)
    with CameraSource(str(node), SETTINGS) as source:
        values = [each.image[0, 0, 0] for each in islice(source, 7)]
    assert values == [20 + 4 * number for number in range(7)]
    assert (first.released, second.released) == (1, 1)


def test_unplugged_though_frames_keep_coming(monkeypatch: pytest.MonkeyPatch, node: Path) -> None:
    def images() -> Iterator[np.ndarray]:
        yield frame(0)
        node.unlink()
        yield from repeat(frame(0))  # OpenCV hands out the last buffer for ever

    scripted(monkeypatch, FakeCapture(images()))
    with CameraSource(str(node), SETTINGS) as source:
        assert len(list(source)) == 1
    assert source.failed
    assert source.ended == (
        f"camera died: there is no camera {node}: see the ones there are by `edge devices` "
        "(2 tries to open it again failed)"
    )


def test_an_unusable_frame_counts_as_a_failure(monkeypatch: pytest.MonkeyPatch, node: Path) -> None:
    bad = FakeCapture(iter([frame(0), np.zeros((0, 0, 3), np.uint8)]))
    scripted(monkeypatch, bad, FakeCapture(opens=False), FakeCapture(opens=False))
    with CameraSource(str(node), SETTINGS) as source:
        assert len(list(source)) == 1
    assert source.failed


def test_gray_and_four_channels_come_as_bgr(monkeypatch: pytest.MonkeyPatch, node: Path) -> None:
    images = [np.full((5, 7), 9, np.uint8), np.full((1, 1, 4), 8, np.uint8)]
    scripted(monkeypatch, FakeCapture(iter(images)))
    with CameraSource(str(node), SETTINGS) as source:
        assert [each.image.shape for each in islice(source, 2)] == [(5, 7, 3), (1, 1, 3)]


def test_a_driver_that_hangs_is_left_behind(
    monkeypatch: pytest.MonkeyPatch, node: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reading, over = threading.Event(), threading.Event()

    def images() -> Iterator[np.ndarray]:
        reading.set()
        over.wait()
        yield frame(0)

    monkeypatch.setattr(life, "CLOSE_MARGIN_S", -3.4)  # of 3.5 s that open and read may take
    scripted(monkeypatch, FakeCapture(images()))
    source = CameraSource(str(node), SETTINGS).__enter__()
    reader = threading.Thread(target=list, args=(source,))
    reader.start()
    reading.wait()
    source.close()
    assert "hangs in its driver" in caplog.text
    assert source.ended == "closed"
    over.set()
    reader.join()


def test_closing_wakes_a_source_that_waits_to_try_again(
    monkeypatch: pytest.MonkeyPatch, node: Path, caplog: pytest.LogCaptureFixture
) -> None:
    scripted(monkeypatch, FakeCapture(iter([frame(0)])))
    source = CameraSource(str(node), CameraSettings(retry_delay_s=60)).__enter__()
    reader = threading.Thread(target=list, args=(source,))
    reader.start()
    while "opening it again in 60.0 s" not in caplog.text:
        time.sleep(0.001)
    source.close()
    reader.join()
    assert source.ended == "closed"


def test_a_picture_that_never_changes_is_called_stale() -> None:
    watch = StaleWatch()
    still = frame(1)
    called = []
    for second in range(75):
        try:
            watch.check(still, float(second))
        except SourceError:
            called.append(second)
    assert called == [10, 30, 70]  # patience 10 s, then twice as long each time


def test_a_picture_that_changes_is_not() -> None:
    watch = StaleWatch()
    for second in range(0, 100, 9):
        watch.check(frame(second), float(second))


def test_a_stale_camera_is_opened_again(monkeypatch: pytest.MonkeyPatch, node: Path) -> None:
    monkeypatch.setattr(StaleWatch, "FIRST_S", 0.0)
    stuck, fresh = FakeCapture(repeat(frame(1))), FakeCapture(map(frame, range(2, 40)))
    scripted(monkeypatch, stuck, fresh)
    with CameraSource(str(node), SETTINGS) as source:
        values = [each.image[0, 0, 0] for each in islice(source, 3)]
    assert values == [24, 28, 32]
    assert stuck.released == 1


def make_sysfs(folder: Path, names: dict[int, str]) -> Path:
    for number, name in names.items():
        entry = folder / f"video{number}"
        entry.mkdir()
        (entry / "name").write_text(name + "\n")
    return folder


def test_cameras_are_listed_by_name_without_the_pis_own_nodes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    names = {0: "unicam", 2: "USB Camera", 3: "USB Camera", 10: "bcm2835-codec-decode", 11: "HDMI"}
    monkeypatch.setattr(devices, "SYSFS", make_sysfs(tmp_path, names))
    monkeypatch.setattr(devices, "captures", lambda node: node.name != "video3")  # its metadata
    assert devices.v4l2_cameras() == [("/dev/video2", "USB Camera"), ("/dev/video11", "HDMI")]


@pytest.mark.parametrize(
    ("capabilities", "expected"), [(0x04200001, True), (0x04201000, True), (0x04A00000, False)]
)
def test_a_node_says_whether_it_captures(
    monkeypatch: pytest.MonkeyPatch, node: Path, capabilities: int, expected: bool
) -> None:
    def answer(device: object, request: int, buffer: bytearray) -> int:
        struct.pack_into("=I", buffer, 88, capabilities)
        return 0

    monkeypatch.setattr(devices.fcntl, "ioctl", answer)
    assert devices.captures(node) is expected


def test_a_file_is_no_capture_device(node: Path) -> None:
    assert devices.captures(node) is False
    assert devices.captures(node.with_name("gone")) is False


def test_auto_takes_the_first_camera_that_opens(
    monkeypatch: pytest.MonkeyPatch, node: Path
) -> None:
    monkeypatch.setattr(devices, "pi_cameras", list)
    gone = str(node.with_name("video7"))
    monkeypatch.setattr(devices, "v4l2_cameras", lambda: [(gone, "gone"), (str(node), "here")])
    scripted(monkeypatch, FakeCapture())
    assert devices.first_camera(SETTINGS) == Spec("camera", str(node))
    scripted(monkeypatch, FakeCapture(opens=False))
    with pytest.raises(MissingDeviceError, match=r"gone: .*here: "):
        devices.first_camera(SETTINGS)
