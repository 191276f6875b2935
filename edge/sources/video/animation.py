"""An animated WebP: a short clip, every picture at its time."""

from __future__ import annotations

import io
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import SourceError
from edge.pixel_formats import as_bgr
from edge.settings.sections import CameraSettings
from edge.sources.video.base import BaseFrameSource
from edge.sources.video.image_size import (
    MAX_MEGAPIXELS,
    most_bytes,
    size_of,
    too_large,
    too_many,
)
from edge.sources.video.picture_decoding import import_pillow
from edge.types import Frame


class AnimationSource(BaseFrameSource):
    """FFMPEG decodes GIF and animated PNG, and not this: OpenCV from 4.11 on does, or Pillow."""

    def __init__(self, target: str, settings: CameraSettings) -> None:
        super().__init__(Path(target).name, settings)
        self.path = Path(target)
        self._data = b""

    def _open(self) -> None:
        most = most_bytes(self.settings.max_megapixels)
        try:
            with self.path.open("rb") as file:
                self._data = file.read(most + 1)
        except OSError as error:
            raise SourceError(f"cannot read {self.path}: {error.strerror}") from error
        reason = too_large(self._data, self.settings.max_megapixels)
        if not reason and len(self._data) > most:
            reason = "it is far larger than camera.max_megapixels allows"
        if reason:
            raise SourceError(f"cannot read {self.path}: {reason}")

    def _produce(self) -> Iterator[Frame]:
        at_s, index, source = 0.0, 0, str(self.path)
        pictures = None
        # OpenCV decodes all of them at once.
        width, height = size_of(self._data) or (1 << 16, 1 << 16)
        few = not too_many(width, height * self._data.count(b"ANMF"), MAX_MEGAPIXELS)
        if few and hasattr(cv2, "imdecodeanimation"):
            pictures = _by_opencv(self._data)
        for image, shown_s in pictures or _by_pillow(self._data, self.path):
            if self._closed.is_set():
                return
            yield Frame(image, at_s, index, source=source, media_s=at_s)
            at_s, index = at_s + shown_s, index + 1
        self._end(f"end of {self.name}")

    def _release(self) -> None:
        self._data = b""


def _by_opencv(data: bytes) -> list[tuple[NDArray[np.uint8], float]] | None:
    """Each picture and for how many seconds it is shown; None where OpenCV gives up."""
    decoder: Any = cv2
    try:
        done, animation = decoder.imdecodeanimation(np.frombuffer(data, np.uint8))
    except cv2.error:
        return None
    if not done:
        return None
    shown_ms = [float(one) for one in animation.durations]
    return [
        (as_bgr(frame), max(ms, 1.0) / 1000)
        for frame, ms in zip(animation.frames, shown_ms, strict=True)
    ]


def _by_pillow(data: bytes, path: Path) -> Iterator[tuple[NDArray[np.uint8], float]]:
    pillow = import_pillow("animated WebP")
    sequence = import_module("PIL.ImageSequence")
    try:
        with pillow.open(io.BytesIO(data)) as opened:
            for one in sequence.Iterator(opened):
                image = np.ascontiguousarray(np.asarray(one.convert("RGB"))[..., ::-1])
                yield image, max(float(one.info.get("duration", 100)), 1.0) / 1000
    except (OSError, ValueError, SyntaxError) as error:
        raise SourceError(f"cannot read {path}: it is damaged") from error
