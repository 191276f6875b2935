"""A video file: not live, so every frame counts."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import MissingDataError, SourceError
from edge.settings.sections import CameraSettings
from edge.sources.video.base import BaseFrameSource
from edge.sources.video.decoders import BREAKS_INTERLACED, Decoder, OpenCvDecoder, PyAvDecoder
from edge.sources.video.image_size import too_many
from edge.sources.video.media_clock import MediaClock
from edge.sources.video.opencv import declared_size
from edge.system.pip import pip_install
from edge.types import Frame

_LEAST_FRAME_BYTES = 16
"""A container that promises more frames than these fit into its file does not know."""
_BLACK = 24

_log = logging.getLogger(__name__)


class VideoSource(BaseFrameSource):
    """Every frame of a file, with its time in the file; the first frame is at 0 s.

    OpenCV decodes it; what OpenCV cannot is left to PyAV, where that is installed. Frames that
    cannot be decoded are counted in `ended`. A file that is black throughout has failed.
    """

    def __init__(self, target: str, settings: CameraSettings) -> None:
        super().__init__(Path(target).name, settings)
        self.path = Path(target)
        self._decoder: Decoder | None = None
        self._first: NDArray[np.uint8] | None = None
        self._delivered = 0
        self._lit = False

    def _open(self) -> None:
        self._check_bytes()
        # An absolute path, because FFMPEG takes "a:b.mp4" for a protocol named a.
        size = declared_size(str(self.path.absolute()))
        self._check_size(*size)
        self._delivered, self._lit = 0, False
        reasons = []
        for kind in _decoders(any(size)):
            try:
                decoder = kind(self.path, self.settings.max_megapixels)
            except ImportError:
                continue
            except SourceError as error:
                reasons.append(str(error))
                continue
            self._decoder, self.fps = decoder, decoder.fps
            self._check_size(*decoder.size)
            self._first = decoder.read()
            if self._first is not None:
                return
            reasons.append(_undecoded(decoder.codec))
            self._release()
        raise SourceError(f"cannot read {self.path} as video: {reasons[-1]}{self._what_to_do()}")

    def _check_bytes(self) -> None:
        try:
            with self.path.open("rb") as file:
                if not file.read(1):
                    raise SourceError(f"cannot read {self.path} as video: the file is empty")
        except FileNotFoundError as error:
            raise MissingDataError(f"there is no file {self.path}: check the path") from error
        except OSError as error:
            raise SourceError(f"cannot read {self.path}: {error.strerror}") from error

    def _check_size(self, width: int, height: int) -> None:
        if reason := too_many(width, height, self.settings.max_megapixels):
            raise SourceError(f"cannot read {self.path} as video: {reason}")

    def _what_to_do(self) -> str:
        with suppress(ImportError):
            import av  # noqa: F401 - whether it is there is the question

            return "; see whether a video player shows it, or give a sound as --mic"
        return f"; {pip_install('emotion-edge[tracks]')} for more formats"

    def _produce(self) -> Iterator[Frame]:
        decoder = self._decoder
        assert decoder is not None
        clock = MediaClock(1 / (self.fps or self.settings.fps))
        source = str(self.path)
        image, self._first = self._first, None
        position_s = decoder.position_s()
        while image is not None:
            self._check_size(image.shape[1], image.shape[0])
            at_s = clock.at(position_s)
            self._lit = self._lit or bool(image[::16, ::16].max() > _BLACK)
            yield Frame(
                image, at_s, self._delivered,
                source=source, media_s=at_s, pixel_aspect=decoder.pixel_aspect,
            )  # fmt: skip
            image = None  # the next one is decoded into the room of this one
            self._delivered += 1
            with self._lock:
                if self._decoder is None:
                    return
                image, position_s = decoder.read(), decoder.position_s()
        if not self._closed.is_set():
            self._say_how_it_ended(decoder, clock)

    def _say_how_it_ended(self, decoder: Decoder, clock: MediaClock) -> None:
        if not self._lit:
            self._end(f"all of its {self._delivered} frames are black", failed=True)
            return
        notes = []
        if decoder.damaged:
            notes.append(f"{decoder.damaged} damaged frames were left out")
        if clock.leaps:
            notes.append(f"its clock leapt {clock.leaps} times")
        elif self._is_short(decoder):
            notes.append(
                f"only {self._delivered} of {decoder.frames:.0f} frames could be decoded, "
                "the rest is missing or damaged"
            )
        self._end("; ".join(["end of file", *notes]))

    def _is_short(self, decoder: Decoder) -> bool:
        """Whether it has clearly fewer frames than it says; containers are off by a few."""
        with suppress(OSError):
            if decoder.frames * _LEAST_FRAME_BYTES > self.path.stat().st_size:
                return False
        return self._delivered + decoder.damaged < 0.95 * decoder.frames - 5

    def _release(self) -> None:
        self._first = None
        if self._decoder is not None:
            self._decoder.close()
            self._decoder = None


def _decoders(has_size: bool) -> tuple[type[OpenCvDecoder | PyAvDecoder], ...]:
    """Whom to ask, in this order.

    Where the container says no size (a transport stream), it may change midway: OpenCV gives two
    rows of what has become smaller beside each other.
    """
    if not BREAKS_INTERLACED:
        return (OpenCvDecoder, PyAvDecoder) if has_size else (PyAvDecoder, OpenCvDecoder)
    try:
        import av  # noqa: F401 - whether it is there is the question
    except ImportError:
        _log.warning(
            "OpenCV %s shows interlaced video (DVD, DV, 1080i) black: pip install "
            "'opencv-python-headless<4.13', or 'emotion-edge[tracks]'", cv2.__version__,
        )  # fmt: skip
    return PyAvDecoder, OpenCvDecoder


def _undecoded(codec: str) -> str:
    if not codec:
        return "no frames could be decoded"
    return f"no frames of its format {codec} could be decoded"
