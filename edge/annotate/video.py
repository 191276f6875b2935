"""Annotated frames as a video that a browser and a phone play, at the speed that they came at."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import cv2
import numpy as np

from edge.annotate.draw import drawn
from edge.annotate.encoders import SUFFIXES, VideoEncoder, check_name, open_encoder
from edge.errors import SinkError, UsageError
from edge.system.outputs import Replacement, why_not

if TYPE_CHECKING:
    from edge.pipeline.face import FrameResult


class AnnotatedVideo:
    """Frame results as one video (.mp4, .mkv, .mov, .webm or .avi), each at its own time.

    The first frame fixes the size of the picture, and others are fitted to it. The file stands at
    `path` once it is whole. The frame's own image is not drawn on.
    """

    def __init__(self, path: Path) -> None:
        """Raises UsageError for another kind of file, SinkError where it cannot be written."""
        self.path = path
        self.shown = 0
        self._fps = 30.0
        self._encoder: VideoEncoder | None = None
        self._size = (0, 0)
        self._offset_s = self._latest_s = 0.0
        self._closed = False
        if path.suffix.lower() not in SUFFIXES:
            raise UsageError(f"cannot annotate into {path}: give OUT.mp4, OUT.webm or a folder")
        check_name(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = Replacement(path)
        except OSError as error:
            raise SinkError(f"cannot write {path} ({error.strerror}): give another") from error

    def begin(self, fps: float) -> None:
        """A source follows, of `fps` frames a second; its times go on where the last one's ended.

        Raises UsageError for a rate that is none.
        """
        if not 0 < fps < float("inf"):
            raise UsageError(f"cannot make a video of {fps} frames a second: give more than 0")
        self._fps = fps
        self._offset_s = self._latest_s + 1 / fps if self.shown else 0.0

    def show(self, frame_result: FrameResult) -> None:
        """Add one frame, drawn. Raises SinkError after close and where it cannot be written."""
        if self._closed:
            raise SinkError(f"{self.path} is closed: no picture can be added to it")
        image = drawn(frame_result)
        try:
            if self._encoder is None:
                self._size = (image.shape[1], image.shape[0])
                self._encoder = open_encoder(self._file.beside, self.path, self._fps, self._size)
            if (image.shape[1], image.shape[0]) != self._size:
                image = cv2.resize(image, self._size).astype(np.uint8, copy=False)
            self._latest_s = self._offset_s + frame_result.frame.timestamp_s
            self._encoder.write(image, self._latest_s)
        except OSError as error:
            self._give_up()
            raise self._refused(error) from error
        self.shown += 1

    def flush(self) -> None:
        pass

    def close(self) -> None:
        """Finish the file. Raises SinkError where not all of it reached the disk."""
        if self._closed:
            return
        self._closed = True
        try:
            if self._encoder is not None:  # else no frame came: what stood at `path` stays
                self._encoder.close()
                self._file.commit()
        except OSError as error:
            raise self._refused(error) from error
        finally:
            self._file.discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _give_up(self) -> None:
        """What was written is no whole video: it is not kept."""
        encoder, self._encoder = self._encoder, None
        if encoder is not None:
            with suppress(OSError):
                encoder.close()

    def _refused(self, error: OSError) -> SinkError:
        return SinkError(f"cannot write {self.path} ({why_not(error)})")
