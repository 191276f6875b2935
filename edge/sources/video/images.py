"""A folder of pictures, or a single one: not live, so every picture counts."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import MissingDataError, SourceError
from edge.pixel_formats import as_bgr
from edge.settings.sections import CameraSettings
from edge.sources.video.base import BaseFrameSource
from edge.sources.video.opencv import quieten
from edge.types import Frame

_SUFFIXES = frozenset(
    (".bmp", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
)
_log = logging.getLogger(__name__)


def is_picture(path: Path) -> bool:
    """Whether the name says that it is a picture; hidden files are none."""
    return path.suffix.lower() in _SUFFIXES and not path.name.startswith(".")


def natural_key(name: str) -> list[tuple[int, str]]:
    """Sorts img2 before img10: runs of digits by their value, the rest by letter."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name)
    return [(int(part[:18]), part) if part[0] in "0123456789" else (-1, part) for part in parts]


class ImagesSource(BaseFrameSource):
    """The pictures of a folder in natural order, `settings.fps` of them a second.

    A picture that cannot be read is named in a warning and counted in `unreadable` and `ended`.
    """

    stills = True

    def __init__(self, target: str, settings: CameraSettings) -> None:
        super().__init__(Path(target).name or target, settings)
        self.path = Path(target)
        self.fps = settings.fps
        self.unreadable = 0
        self._paths: list[Path] = []

    def _open(self) -> None:
        quieten()
        self.unreadable = 0
        try:
            self._paths = [self.path] if self.path.is_file() else self._listed()
        except FileNotFoundError as error:
            raise MissingDataError(f"there is no folder {self.path}: check the path") from error
        except OSError as error:
            raise SourceError(f"cannot list {self.path}: {error.strerror}") from error

    def _listed(self) -> list[Path]:
        found = [path for path in self.path.iterdir() if is_picture(path) and path.is_file()]
        if not found:
            raise SourceError(
                f"there is no picture in {self.path}: give a folder of "
                f"{', '.join(sorted(suffix[1:] for suffix in _SUFFIXES))} files"
            )
        return sorted(found, key=lambda path: natural_key(path.name))

    def _produce(self) -> Iterator[Frame]:
        index = 0
        for path in self._paths:
            if self._closed.is_set():
                return
            image = self._readable(path)
            if image is not None:
                yield Frame(image, index / self.settings.fps, index, source=str(path))
                index += 1
        if index == 0:
            raise SourceError(f"cannot read {self.path}: {self._count()} as a picture")
        self._end(f"end of {self.name}" + (f": {self._count()}" if self.unreadable else ""))

    def _count(self) -> str:
        return f"{self.unreadable} of {len(self._paths)} files could not be read"

    def _readable(self, path: Path) -> NDArray[np.uint8] | None:
        try:
            data = np.frombuffer(path.read_bytes(), np.uint8)
            image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
            reason = "it cannot be decoded" if data.size else "it is empty"
        except OSError as error:
            image, reason = None, error.strerror or str(error)
        except cv2.error as error:  # a header that claims an absurd size
            image, reason = None, error.err or "it cannot be decoded"
        if image is None:
            self.unreadable += 1
            _log.warning("%s was left out: %s", path, reason)
            return None
        return as_bgr(image)
