"""What a `--camera` argument means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from edge.errors import UsageError
from edge.system.redaction import HINT, protect_address, shown

_BARE = ("auto", "picamera", "synthetic")
_SCHEMES = ("rtsp", "rtsps", "http", "https", "rtmp", "tcp", "udp")
_PORTLESS = ("rtsp", "rtsps", "http", "https", "rtmp")
_EVERYWHERE = re.compile(r"^(udp://)@(.)", re.IGNORECASE)
"""How some players write the address that a stream is sent to: udp://@239.0.0.1:5000."""
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
        raise UsageError(
            f"{shown(spec)!r} names no camera: give an index, a file, a folder or a URL"
        )
    if spec in _BARE:
        return Spec(spec)
    if device := _DEVICE.fullmatch(spec):
        return Spec("camera", f"/dev/video{int(device[1])}")
    if "://" in spec:
        return Spec("stream", _checked_url(spec))
    if shown(spec) != spec and not Path(spec).exists():
        protect_address(spec)
        raise UsageError(f"{shown(spec)} names no scheme: write rtsp:// or http:// before the host")
    return Spec("path", spec)


def _checked_url(url: str) -> str:
    url = _EVERYWHERE.sub(r"\1\2", url)
    protect_address(url)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port  # port: raises for what is no number
    except ValueError:  # its text may hold a part of the password
        raise UsageError(f"{shown(url)} is no URL that can be opened: {HINT}") from None
    if parts.scheme not in _SCHEMES or not host:
        raise UsageError(
            f"{shown(url)} is no stream: write rtsp://, http:// or https://, then host and path"
        )
    if port is None and parts.scheme not in _PORTLESS:
        raise UsageError(f"{shown(url)} names no port: write {parts.scheme}://HOST:PORT")
    if "@" not in parts.netloc and "@" in url:
        raise UsageError(f"{shown(url)} has an @ behind its host: {HINT}")
    return parts.scheme + url[len(parts.scheme) :]  # FFMPEG knows schemes in small letters only
