"""What was seen, as pictures: a coloured box, the label and the confidence on every face.

These are the only outputs that hold a picture: nothing here runs unless a person asks for it.
"""

from __future__ import annotations

import colorsys
import zlib
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import SinkError, UsageError
from edge.types import UNKNOWN

if TYPE_CHECKING:
    from edge.pipeline.face import FrameResult, TrackedFace

_FOURCC = {".mp4": "mp4v", ".avi": "MJPG"}
_FONT = cv2.FONT_HERSHEY_SIMPLEX

# B, G, R; told apart by lightness too, for those who do not see the hues.
_COLOURS: dict[str, tuple[int, int, int]] = {
    "angry": (48, 48, 220),
    "disgust": (60, 140, 60),
    "fear": (200, 70, 150),
    "happy": (60, 210, 250),
    "sad": (220, 130, 50),
    "surprise": (80, 160, 255),
    "neutral": (210, 210, 210),
    UNKNOWN: (130, 130, 130),
}


def colour(label: str) -> tuple[int, int, int]:
    """A label's B, G, R: its own, or for a label never seen here one that stays the same."""
    if label in _COLOURS:
        return _COLOURS[label]
    hue = zlib.crc32(label.encode("utf-8", "replace")) % 360 / 360
    red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(hue, 0.6, 0.9))
    return blue, green, red


def draw(image: NDArray[np.uint8], observations: Sequence[TrackedFace]) -> None:
    """Draw a box and a label per face into `image`, uint8 (H, W, 3) BGR, in place.

    Lines and letters grow with the picture, so that they read from 320 to 1920 px across.
    """
    across = image.shape[1]
    thickness = max(2, round(across / 400))
    for seen in observations:
        face, state = seen.face, seen.state
        paint = colour(state.label)
        corner = (face.x + face.width - 1, face.y + face.height - 1)
        cv2.rectangle(image, (face.x, face.y), corner, paint, thickness)
        _caption(image, f"{state.label} {state.confidence:.0%}", face.x, face.y, corner[1], paint)


def _caption(
    image: NDArray[np.uint8], text: str, left: int, top: int, bottom: int, paint: tuple[int, ...]
) -> None:
    """A filled plate with `text` above the box, below it where there is no room, always inside."""
    down, across = image.shape[:2]
    size = max(0.4, 0.25 + across / 2000)
    weight = max(1, round(across / 1000))
    (width, height), descent = cv2.getTextSize(text, _FONT, size, weight)
    pad = max(2, height // 3)
    plate_width, plate_height = width + 2 * pad, height + descent + 2 * pad
    x = max(0, min(left, across - plate_width))
    y = top - plate_height if top >= plate_height else bottom + 1
    y = max(0, min(y, down - plate_height))
    cv2.rectangle(image, (x, y), (x + plate_width - 1, y + plate_height - 1), paint, cv2.FILLED)
    blue, green, red = paint
    ink = (0, 0, 0) if 0.11 * blue + 0.59 * green + 0.30 * red > 110 else (255, 255, 255)
    base = (x + pad, y + pad + height)
    cv2.putText(image, text, base, _FONT, size, ink, weight, cv2.LINE_AA)


class AnnotatedVideo:
    """Scenes as a video (.mp4, .avi) or, where `path` is a folder, as one .jpg each.

    One picture a scene at `fps`; the first scene fixes the size of a video (OpenCV cuts it to even
    numbers), and others are fitted to it.
    The scene's own image is not drawn on.
    """

    def __init__(self, path: str | Path, fps: float) -> None:
        """Raises UsageError for another kind of file, SinkError where it cannot be written."""
        self.path = Path(path)
        self.shown = 0
        self._fps = fps
        self._size: tuple[int, int] | None = None
        self._writer: Any = None
        self._closed = False
        self._folder = str(path).endswith("/") or self.path.is_dir() or not self.path.suffix
        if not self._folder and self.path.suffix.lower() not in _FOURCC:
            raise UsageError(f"cannot annotate into {path}: give OUT.mp4, OUT.avi or a folder")
        if not fps > 0:
            raise UsageError(f"cannot make a video of {fps} frames a second: give more than 0")
        home = self.path if self._folder else self.path.parent
        try:
            home.mkdir(parents=True, exist_ok=True)
            if not self._folder:
                self.path.open("wb").close()
        except OSError as error:
            raise SinkError(f"cannot write {path} ({error.strerror}): give another") from error

    def show(self, frame_result: FrameResult) -> None:
        """Add one scene, drawn. Raises SinkError after close and where it cannot be written."""
        if self._closed:
            raise SinkError(f"{self.path} is closed: no picture can be added to it")
        image = frame_result.frame.image.copy()
        draw(image, frame_result.observations)
        if self._folder:
            self._save(image)
        else:
            self._append(image)
        self.shown += 1

    def flush(self) -> None:
        pass

    def close(self) -> None:
        """Finish the file. Raises SinkError where not all of it reached the disk."""
        if self._closed:
            return
        self._closed = True
        if self._writer is not None:
            self._writer.release()
            self._prove()
        elif not self._folder:
            self.path.unlink(missing_ok=True)  # no scene came: leave no empty video

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _save(self, image: NDArray[np.uint8]) -> None:
        done, data = cv2.imencode(".jpg", image)
        if not done:
            raise SinkError(f"cannot make a picture of {image.shape} values for {self.path}")
        try:
            (self.path / f"{self.shown:06d}.jpg").write_bytes(data.tobytes())
        except OSError as error:
            raise SinkError(
                f"cannot write a picture to {self.path} ({error.strerror}): free space there"
            ) from error

    def _append(self, image: NDArray[np.uint8]) -> None:
        if self._size is None:
            self._size = (image.shape[1], image.shape[0])
            fourcc = cv2.VideoWriter.fourcc(*_FOURCC[self.path.suffix.lower()])
            writer = cv2.VideoWriter(str(self.path), fourcc, self._fps, self._size)
            if not writer.isOpened():
                raise SinkError(
                    f"cannot begin the video {self.path} of {self._size[0]}x{self._size[1]} px:"
                    " free space there, or give a folder for pictures instead"
                )
            self._writer = writer
        if (image.shape[1], image.shape[0]) != self._size:
            image = cv2.resize(image, self._size).astype(np.uint8, copy=False)
        self._writer.write(image)

    def _prove(self) -> None:
        """OpenCV does not say when its writes fail: count what can be read back."""
        film = cv2.VideoCapture(str(self.path))
        kept = int(film.get(cv2.CAP_PROP_FRAME_COUNT)) if film.isOpened() else 0
        film.release()
        if kept < self.shown:
            raise SinkError(
                f"only {kept} of {self.shown} pictures reached {self.path}: free space there"
            )
