"""Where frames come from: cameras, files, folders, streams, and a synthetic clip.

A source is a context manager that iterates frames and says why it ended. A new one is a file
here and a line in `_TABLE`; the contract tests follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, cast
from urllib.parse import urlsplit

from edge.errors import MissingDataError, UsageError
from edge.registry import resolve
from edge.settings import CameraSettings
from edge.types import Frame

__all__ = ["Source", "Spec", "list_cameras", "open_source", "parse"]


class Source(Protocol):
    """A context manager that iterates frames, once; outside `with` it is closed.

    name:   what a person calls it: "/dev/video0", "clip.mp4"
    live:   True: frames come in real time and may be dropped; False: every frame counts
    stills: True: frames are unrelated pictures, not moments of one scene
    fps:    nominal frames a second, where known once it is open
    ended:  why iteration stopped ("end of file", "stream died: ..."), None while it runs
    failed: True where it ended because something broke, not because it was over
    """

    @property
    def name(self) -> str: ...
    @property
    def live(self) -> bool: ...
    @property
    def stills(self) -> bool: ...
    @property
    def fps(self) -> float | None: ...
    @property
    def ended(self) -> str | None: ...
    @property
    def failed(self) -> bool: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
    def __iter__(self) -> Iterator[Frame]: ...
    def close(self) -> None: ...


_TABLE = {
    "camera": "edge.sources.camera:CameraSource",
    "picamera": "edge.sources.picamera:PicameraSource",
    "video": "edge.sources.video:VideoSource",
    "images": "edge.sources.images:ImagesSource",
    "stream": "edge.sources.stream:StreamSource",
    "synthetic": "edge.sources.synthetic:SyntheticSource",
}
_BARE = ("auto", "picamera", "synthetic")
_SCHEMES = ("rtsp", "rtsps", "http", "https")
_DEVICE = re.compile(r"(?:/dev/video)?([0-9]{1,4})")


@dataclass(frozen=True, slots=True)
class Spec:
    """A `--camera` argument, understood.

    kind:   "auto", "path" (a file or a folder: only the disk can tell), or a key of `_TABLE`
    target: the device node, path or URL; "" where the kind says all
    """

    kind: str
    target: str = ""


def parse(spec: str) -> Spec:
    """Understand `spec` without touching disk or devices. Raises UsageError."""
    if not spec.strip() or "\0" in spec:
        raise UsageError(f"{spec!r} names no camera: give an index, a file, a folder or a URL")
    if spec in _BARE:
        return Spec(spec)
    if device := _DEVICE.fullmatch(spec):
        return Spec("camera", f"/dev/video{int(device[1])}")
    if "://" in spec:
        return Spec("stream", _checked_url(spec))
    return Spec("path", spec)


def open_source(spec: str, *, settings: CameraSettings) -> Source:
    """The source that `spec` names; it opens at `with`.

    spec: auto, picamera, synthetic, an index, /dev/videoN, a file, a folder, or a URL
    Raises UsageError for a spec that means nothing, MissingDataError for a file that is not
    there, MissingDeviceError where `auto` finds no camera. `with` raises MissingDeviceError,
    MissingPackageError or SourceError for what cannot be opened.
    """
    found = parse(spec)
    if found.kind == "auto":
        from edge.sources.devices import first_camera

        found = first_camera(settings)
    if found.kind == "path":
        found = Spec(_kind_of(found.target), found.target)
    source = resolve(_TABLE, found.kind, "source")
    return cast(Source, source(found.target, settings))


def list_cameras() -> list[tuple[str, str]]:
    """Every camera here, as (the `--camera` argument that opens it, its name)."""
    from edge.sources.devices import list_cameras as found

    return found()


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port  # port: raises for what is no number
    except ValueError as error:
        raise UsageError(f"{url!r} is no URL that can be opened: {error}") from error
    if parts.scheme not in _SCHEMES or not host:
        raise UsageError(
            f"{url!r} is no stream: write rtsp://, http:// or https://, then host and path"
        )
    return url


def _kind_of(target: str) -> str:
    from edge.sources.images import is_picture

    path = Path(target)
    try:
        if path.is_dir():
            return "images"
        if path.is_file():
            return "images" if is_picture(path) else "video"
        exists = path.exists()
    except (OSError, ValueError) as error:  # too long a name, or one the system cannot spell
        raise UsageError(f"{target!r} is no path: {error}") from error
    if exists:
        raise UsageError(f"{target} is neither a file nor a folder nor a camera (/dev/videoN)")
    raise MissingDataError(
        f"there is no file or folder {target}: check the path, or see the cameras by `edge devices`"
    )
