"""A Raspberry Pi camera by picamera2: live."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import MissingDeviceError, MissingPackageError, SourceError
from edge.settings.sections import CameraSettings
from edge.sources.video.base import LiveSource
from edge.system.pip import pip_install
from edge.types import Frame

Image = NDArray[np.uint8]


def _converter(code: int) -> Callable[[Image], Image]:
    return lambda image: cv2.cvtColor(image, code).astype(np.uint8, copy=False)


# libcamera names a format from the highest byte down, as a little-endian word: its RGB888 lies in
# memory as B, G, R, which is OpenCV's order.
_TO_BGR: dict[str, Callable[[Image], Image]] = {
    "RGB888": lambda image: image,
    "BGR888": _converter(cv2.COLOR_RGB2BGR),
    "XRGB8888": _converter(cv2.COLOR_BGRA2BGR),
}
# These stay as they come: their luma is the gray picture already.
_KEPT = {"YUV420": "I420", "NV12": "NV12"}


def as_frame(
    array: Image, pixel_format: str, width: int, height: int, timestamp_s: float, index: int
) -> Frame:
    """What picamera2's `capture_array` gives, as a frame of (height, width).

    array: uint8 (H, W, 3), (H, W, 4), or (3 H / 2, stride) for YUV420 and NV12, whose rows may
           end in padding
    """
    if pixel_format in _KEPT:
        padding_px = array.shape[1] - width
        return Frame(array, timestamp_s, index, _KEPT[pixel_format], padding_px)
    return Frame(_TO_BGR[pixel_format](array)[:height, :width], timestamp_s, index)


def import_picamera2() -> Any:
    """The class Picamera2. Raises MissingPackageError, with the command that installs it."""
    try:
        from picamera2 import Picamera2
    except ImportError as error:
        raise MissingPackageError(
            f"picamera2 cannot be imported ({error}): sudo apt install python3-picamera2, in a "
            "virtual environment made with --system-site-packages; never by pip"
        ) from error
    except ValueError as error:  # "numpy.dtype size changed": bookworm's is built for numpy 1
        raise MissingPackageError(
            f"picamera2 does not go with this numpy ({error}): {pip_install('numpy<2')}"
        ) from error
    return Picamera2


class PicameraSource(LiveSource):
    """The first Raspberry Pi camera, in `settings.pixel_format`.

    Which formats a camera can give depends on the board: every Pi gives RGB888, BGR888,
    XRGB8888 and YUV420 (the cheapest to move); a camera that changes the format asked for is
    an error, because its colours would be wrong.
    """

    def __init__(self, target: str, settings: CameraSettings) -> None:
        super().__init__("picamera", settings)
        self._camera: Any = None
        self._size = (settings.width, settings.height)

    def _connect(self) -> None:
        picamera2 = import_picamera2()
        # It writes to the terminal on its own; warnings and errors are enough.
        logging.getLogger("picamera2").setLevel(logging.WARNING)
        try:
            if not picamera2.global_camera_info():
                raise MissingDeviceError(
                    "picamera2 finds no camera: check the ribbon cable and `rpicam-hello --list`"
                )
            self._camera = picamera2()
            self._start()
        except (RuntimeError, OSError, IndexError) as error:  # what picamera2 and libcamera raise
            self._release()
            raise SourceError(f"cannot start the Pi camera: {error}") from error

    def _start(self) -> None:
        wanted = self.settings.pixel_format
        size = (self.settings.width, self.settings.height)
        # Its fixed rate is a control; a camera without it (a USB one) runs at its own.
        controls = {}
        if "FrameDurationLimits" in self._camera.camera_controls:
            controls["FrameRate"] = self.settings.fps
            self.fps = self.settings.fps
        self._camera.configure(
            self._camera.create_video_configuration(
                main={"size": size, "format": wanted}, controls=controls
            )
        )
        given = self._camera.camera_configuration()["main"]
        if given["format"] != wanted:
            raise RuntimeError(
                f"it gives {given['format']} where camera.pixel_format asks for {wanted}; "
                f"set one of {', '.join([*_TO_BGR, *_KEPT])} that it has"
            )
        self._size = given["size"]
        self._camera.start()

    def _read(self) -> object:
        if self._camera is None:
            raise SourceError("it is not open")
        try:
            job = self._camera.capture_array("main", wait=False)
            array = self._camera.wait(job, timeout=self.budget.seconds)
        except TimeoutError as error:
            raise self._too_long() from error
        except (RuntimeError, OSError) as error:
            raise SourceError(f"picamera2 failed: {error}") from error
        return array

    def _framed(self, delivered: object, timestamp_s: float, index: int) -> Frame:
        if not isinstance(delivered, np.ndarray):
            raise SourceError(f"picamera2 gave no picture but {type(delivered).__name__}")
        return as_frame(delivered, self.settings.pixel_format, *self._size, timestamp_s, index)

    def _release(self) -> None:
        camera, self._camera = self._camera, None
        if camera is None:
            return
        try:
            camera.close()
        except (RuntimeError, OSError) as error:  # a dead camera may refuse even that
            logging.getLogger(__name__).warning("closing the Pi camera: %s", error)
