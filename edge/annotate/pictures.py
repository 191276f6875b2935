"""Annotated frames as a folder of pictures that keep the names of what they show."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import cv2

from edge.annotate.draw import drawn
from edge.errors import SinkError
from edge.system.outputs import why_not, written_whole

if TYPE_CHECKING:
    from edge.pipeline.face import FrameResult
    from edge.types import Frame

MANIFEST = ".annotated-by-edge"
"""Names the pictures of a run, one a line, so that the next run here can take them away."""

_AS_NAMED = "surrogateescape"
"""A name need not be valid text."""
_LONGEST_STEM = 220
"""Bytes; a name has 255 at most."""
_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")


class AnnotatedPictures:
    """A picture per frame: `IMG_1.jpg` stays that, a clip's are `clip-000017.jpg`, by its index.

    The pictures that an earlier run left in the folder are taken away at the end; other files
    stay.
    """

    def __init__(self, folder: Path) -> None:
        """Raises SinkError where it cannot be written."""
        self.path = folder
        self.shown = 0
        self._names: dict[str, None] = {}
        self._closed = False
        self._made = not folder.exists()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._old = _listed(folder)
            self._manifest = (folder / MANIFEST).open("w", encoding="utf-8", errors=_AS_NAMED)
            self._manifest.writelines(f"{name}\n" for name in self._old)
            self._manifest.flush()
        except OSError as error:
            raise SinkError(
                f"cannot write into {folder} ({error.strerror}): give another"
            ) from error

    def begin(self, fps: float) -> None:
        pass

    def show(self, frame_result: FrameResult) -> None:
        """Add one frame, drawn. Raises SinkError after close and where it cannot be written."""
        if self._closed:
            raise SinkError(f"{self.path} is closed: no picture can be added to it")
        image = drawn(frame_result)
        target = self.path / self._free(_name(frame_result.frame))
        done, data = cv2.imencode(target.suffix, image)
        if not done:
            raise SinkError(f"cannot make a picture of {image.shape} values for {target}")
        try:
            with written_whole(target, own=True) as beside:
                beside.write_bytes(data.tobytes())
            self._manifest.write(f"{target.name}\n")
            self._manifest.flush()
        except OSError as error:
            raise SinkError(f"cannot write {target} ({why_not(error)})") from error
        self._names[target.name] = None
        self.shown += 1

    def flush(self) -> None:
        pass

    def close(self) -> None:
        """Take away what an earlier run left. Raises SinkError where the disk refuses."""
        if self._closed:
            return
        self._closed = True
        try:
            self._manifest.close()
            if not self.shown:
                self._leave_as_it_was()
                return
            for name in self._old:
                if name not in self._names:
                    (self.path / name).unlink(missing_ok=True)
            with written_whole(self.path / MANIFEST, own=True) as beside:
                text = "".join(f"{name}\n" for name in self._names)
                beside.write_text(text, encoding="utf-8", errors=_AS_NAMED)
        except OSError as error:
            raise SinkError(f"cannot finish {self.path} ({why_not(error)})") from error

    def _leave_as_it_was(self) -> None:
        if not self._old:
            (self.path / MANIFEST).unlink(missing_ok=True)
        if self._made:
            self.path.rmdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _free(self, name: str) -> str:
        """`name`, or where this run has given it already, one with a number."""
        path, number, free = Path(name), 2, name
        while free in self._names:
            free = f"{path.stem}-{number}{path.suffix}"
            number += 1
        return free


def _name(frame: Frame) -> str:
    """What the picture of a frame is called: one line of the manifest, and not too long."""
    if not frame.source:
        return f"{frame.index:06d}.jpg"
    source = Path(" ".join(frame.source.splitlines()))
    stem, suffix = source.stem, source.suffix
    if frame.media_s is not None:
        suffix = f"-{frame.index:06d}.jpg"
    elif suffix.lower() not in _SUFFIXES:
        stem, suffix = source.name, ".jpg"
    while len(os.fsencode(stem)) > _LONGEST_STEM:
        stem = stem[:-1]
    return stem + suffix


def _listed(folder: Path) -> list[str]:
    """The names in the folder's manifest; only those that lie in it are ours."""
    try:
        text = (folder / MANIFEST).read_text(encoding="utf-8", errors=_AS_NAMED)
    except FileNotFoundError:
        return []
    return [name for name in dict.fromkeys(text.splitlines()) if name and Path(name).name == name]
