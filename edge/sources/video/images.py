"""A folder of pictures, or a single one: not live, so every picture counts."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import MissingDataError, SourceError
from edge.settings.sections import CameraSettings
from edge.sources.video.base import BaseFrameSource
from edge.sources.video.image_size import most_bytes
from edge.sources.video.opencv import quieten
from edge.sources.video.picture_aspect import aspect_of
from edge.sources.video.picture_decoding import decode
from edge.sources.video.picture_kinds import HEAD_BYTES, kind_of
from edge.types import Frame

_VIDEO_SUFFIXES = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpg", ".ts", ".webm", ".wmv")
_log = logging.getLogger(__name__)


def natural_key(name: str) -> list[tuple[int, str]]:
    """Sorts img2 before img10: runs of digits by their value, the rest by letter."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name)
    return [(int(part[:18]), part) if part[0] in "0123456789" else (-1, part) for part in parts]


class ImagesSource(BaseFrameSource):
    """The pictures of a folder in natural order, `settings.fps` of them a second.

    Its other files, and pictures that cannot be read, are named in warnings with the reason, and
    counted in `left_out` and `ended`. Hidden files and folders within are passed over.
    """

    stills = True

    def __init__(self, target: str, settings: CameraSettings) -> None:
        super().__init__(Path(target).name or target, settings)
        self.path = Path(target)
        self.fps = settings.fps
        self.left_out: Counter[str] = Counter()
        """Reason → files."""
        self._paths: list[Path] = []

    def _open(self) -> None:
        quieten()
        self.left_out.clear()
        try:
            self._paths = [self.path] if self.path.is_file() else self._listed()
        except FileNotFoundError as error:
            raise MissingDataError(f"there is no folder {self.path}: check the path") from error
        except OSError as error:
            raise SourceError(f"cannot list {self.path}: {error.strerror}") from error

    def _listed(self) -> list[Path]:
        found = [
            path for path in self.path.iterdir() if not path.name.startswith(".") and path.is_file()
        ]
        if not found:
            raise SourceError(f"there is no picture in {self.path}: give a folder that has some")
        return sorted(found, key=lambda path: natural_key(path.name))

    def _produce(self) -> Iterator[Frame]:
        index = 0
        for path in self._paths:
            if self._closed.is_set():
                return
            try:
                image, aspect = _read(path, self.settings.max_megapixels)
            except SourceError as error:
                self.left_out[str(error)] += 1
                _log.warning("%s was left out: %s", path, error)
                continue
            at_s = index / self.settings.fps
            yield Frame(image, at_s, index, source=str(path), pixel_aspect=aspect)
            index += 1
        if index == 0:
            raise SourceError(f"cannot read {self.path} as a picture: {self._how_many()}")
        self._end(f"end of {self.name}" + (f": {self._how_many()}" if self.left_out else ""))

    def _how_many(self) -> str:
        reasons = "; ".join(
            f"{count}: {reason}" if len(self._paths) > 1 else reason
            for reason, count in self.left_out.most_common()
        )
        if len(self._paths) == 1:
            return reasons
        return f"{self.left_out.total()} of {len(self._paths)} files were left out ({reasons})"


def _read(path: Path, megapixels: float) -> tuple[NDArray[np.uint8], float]:
    """uint8 (H, W, 3) BGR, and its pixels' aspect. Raises SourceError with the reason alone."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            kind = _picture_kind(head, path)
            data = head + file.read(most_bytes(megapixels))
            if file.read(1):
                raise SourceError("it is far larger than a picture of camera.max_megapixels")
    except OSError as error:
        raise SourceError(error.strerror or str(error)) from error
    image = decode(data, kind, megapixels)
    height, width = image.shape[:2]
    return image, aspect_of(data, width, height)


def _picture_kind(head: bytes, path: Path) -> str:
    if not head:
        raise SourceError("it is empty")
    kind = kind_of(head, path.suffix.lower())
    if kind is None:
        video = path.suffix.lower() in _VIDEO_SUFFIXES
        raise SourceError("it is a video: give it by itself" if video else "it is no picture")
    return kind
