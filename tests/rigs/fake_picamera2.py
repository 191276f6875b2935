"""A picamera2 as far as the adapter uses it: the same calls, pictures made here.

The left half of every picture is `LEFT`, the right half `RIGHT`, both BGR; rows of YUV formats
carry padding, as on a Pi. The real class is tried by tests/rigs/picamera2/run.sh.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any, ClassVar

import cv2
import numpy as np

LEFT = (200, 60, 30)
RIGHT = (20, 90, 220)
PADDING = 64


def picture(width: int, height: int) -> np.ndarray:
    image = np.empty((height, width, 3), np.uint8)
    image[:, : width // 2], image[:, width // 2 :] = LEFT, RIGHT
    return image


def as_delivered(bgr: np.ndarray, pixel_format: str) -> np.ndarray:
    """The array that `capture_array` gives for a picture in this format."""
    match pixel_format:
        case "RGB888":
            return bgr
        case "BGR888":
            return np.ascontiguousarray(bgr[:, :, ::-1])
        case "XRGB8888":
            return cv2.cvtColor(bgr, cv2.COLOR_BGR2BGRA)
    padded = cv2.copyMakeBorder(bgr, 0, 0, 0, PADDING, cv2.BORDER_REPLICATE)
    planar = cv2.cvtColor(padded, cv2.COLOR_BGR2YUV_I420)
    if pixel_format == "YUV420":
        return planar
    height, stride = padded.shape[:2]
    blue, red = planar[height:].reshape(2, -1)
    interleaved = np.stack([blue, red], axis=1).reshape(height // 2, stride)
    # picamera2 cuts NV12's padding off by itself.
    return np.ascontiguousarray(np.vstack([planar[:height], interleaved])[:, : bgr.shape[1]])


class FakePicamera2:
    """Class attributes are the knobs a test turns, on a subclass of its own (`module`)."""

    cameras: ClassVar[list[dict[str, Any]]]
    gives: ClassVar[str | None] = None
    """A format that the camera gives whatever it is asked for."""
    frames_until_dead: ClassVar[int | None] = None
    opened: ClassVar[list[FakePicamera2]]

    def __init__(self) -> None:
        self.camera_controls = {"FrameDurationLimits": (33333, 120000, 33333)}
        self.configuration: dict[str, Any] = {}
        self.started = self.closed = False
        self.delivered = 0
        self.opened.append(self)

    @classmethod
    def global_camera_info(cls) -> list[dict[str, Any]]:
        return cls.cameras

    def create_video_configuration(
        self, main: dict[str, Any], controls: dict[str, Any]
    ) -> dict[str, Any]:
        return {"main": dict(main), "controls": controls}

    def configure(self, configuration: dict[str, Any]) -> None:
        self.configuration = configuration
        if self.gives:
            configuration["main"]["format"] = self.gives

    def camera_configuration(self) -> dict[str, Any]:
        return self.configuration

    def start(self) -> None:
        self.started = True

    def capture_array(self, name: str, *, wait: bool) -> str:
        assert name == "main"
        assert not wait
        return "a job"

    def wait(self, job: str, timeout: float) -> np.ndarray:
        assert self.started
        assert not self.closed
        if self.delivered == self.frames_until_dead:
            raise TimeoutError
        self.delivered += 1
        main = self.configuration["main"]
        return as_delivered(picture(*main["size"]), main["format"])

    def close(self) -> None:
        self.closed = True


def module() -> tuple[ModuleType, type[FakePicamera2]]:
    """A stand-in for sys.modules["picamera2"], and its class, with knobs of its own."""

    class Picamera2(FakePicamera2):
        cameras: ClassVar = [
            {"Model": "imx219", "Id": "/base/soc/i2c0mux/i2c@1/imx219@10", "Num": 0}
        ]
        opened: ClassVar = []

    made = ModuleType("picamera2")
    made.Picamera2 = Picamera2  # type: ignore[attr-defined]  # a module made here
    return made, Picamera2
