"""Where frames come from: cameras, files, folders, streams, and a synthetic clip.

A source is a context manager that iterates frames and says why it ended. A new one is a file
here and a line in `_TABLE`; the contract tests follow.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, cast

from edge.errors import MissingDataError, UsageError
from edge.settings.sections import CameraSettings
from edge.sources import Source
from edge.sources.video.spec import Spec, parse
from edge.system.registry import resolve
from edge.types import Frame

__all__ = ["FrameSource", "Spec", "list_cameras", "open_source", "parse"]


class FrameSource(Source[Frame], Protocol):
    """A source of frames; those of a live one may be dropped.

    stills: True: frames are unrelated pictures, not moments of one scene
    fps:    nominal frames a second, where known once it is open
    """

    @property
    def stills(self) -> bool: ...
    @property
    def fps(self) -> float | None: ...


_TABLE = {
    "camera": "edge.sources.video.camera:CameraSource",
    "picamera": "edge.sources.video.picamera:PicameraSource",
    "video": "edge.sources.video.file:VideoSource",
    "images": "edge.sources.video.images:ImagesSource",
    "animation": "edge.sources.video.animation:AnimationSource",
    "stream": "edge.sources.video.stream:StreamSource",
    "synthetic": "edge.sources.video.synthetic:SyntheticSource",
}


def open_source(spec: str, *, settings: CameraSettings) -> FrameSource:
    """The source that `spec` names; it opens at `with`.

    spec: auto, picamera, synthetic, an index, /dev/videoN, a file, a folder, or a URL
    Raises UsageError for a spec that means nothing, MissingDataError for a file that is not
    there, MissingDeviceError where `auto` finds no camera. `with` raises MissingDeviceError,
    MissingPackageError or SourceError for what cannot be opened.
    """
    found = parse(spec)
    if found.kind == "auto":
        from edge.sources.video.devices import first_camera

        found = first_camera(settings)
    if found.kind == "path":
        found = Spec(_kind_of(found.target), found.target)
    source = resolve(_TABLE, found.kind, "source")
    return cast(FrameSource, source(found.target, settings))


def list_cameras() -> list[tuple[str, str]]:
    """Every camera here, as (the `--camera` argument that opens it, its name)."""
    from edge.sources.video.devices import list_cameras as found

    return found()


def _kind_of(target: str) -> str:
    path = Path(target)
    try:
        if path.is_dir():
            return "images"
        if path.is_file():
            return _kind_of_file(path)
        exists = path.exists()
    except (OSError, ValueError) as error:  # too long a name, or one the system cannot spell
        raise UsageError(f"{target!r} is no path: {error}") from error
    if exists:
        raise UsageError(f"{target} is neither a file nor a folder nor a camera (/dev/videoN)")
    raise MissingDataError(
        f"there is no file or folder {target}: check the path, or see the cameras by `edge devices`"
    )


def _kind_of_file(path: Path) -> str:
    from edge.sources.video.picture_kinds import is_animated, picture_kind

    try:
        kind = picture_kind(path)
        if kind is None:
            return "video"
        if is_animated(path, kind):
            return "animation" if kind == "WebP" else "video"
    except OSError:  # who opens it says why
        return "video"
    return "images"
