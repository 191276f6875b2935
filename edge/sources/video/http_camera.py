"""A network camera over HTTP, read by ourselves: MJPEG, and single pictures that are polled.

What answers is known before anything is decoded, so that an error can name it; a slow camera needs
no probing, and of each picture the luma alone is decoded.
"""

from __future__ import annotations

import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import unquote, urlsplit, urlunsplit

from edge.errors import SourceError
from edge.sources.video.tls import trusted

MOST_BYTES = 64 << 20
"""A picture that says it is larger is a mistake."""
_LONGEST_LINE = 4096
_MOST_LINES = 1000
"""Between two pictures; a camera that sends more has none."""


class HttpAnswer:
    """An open answer of a camera, and its kind: "mjpeg", "picture" or "other".

    has_end: whether it says how long it is, as a file's does and a live stream's does not
    Raises SourceError, with what happened, where none comes within `timeout_s`.
    """

    def __init__(self, url: str, timeout_s: float, ca_file: str = "") -> None:
        """ca_file: as `camera.ca_file`"""
        try:
            with _opener(url, timeout_s, ca_file) as (address, opener):
                self._response: HTTPResponse = opener.open(address, timeout=timeout_s)
        except urllib.error.HTTPError as error:
            raise SourceError(
                _of_status(error.code, has_user="@" in urlsplit(url).netloc)
            ) from None
        except (OSError, HTTPException, ValueError) as error:
            raise SourceError(_of_failure(error, urlsplit(url).hostname or "", timeout_s)) from None
        said = self._response.headers.get("Content-Type", "")
        self.content_type = said.partition(";")[0].strip().lower()
        self.kind = _kind(self.content_type)
        self.has_end = "Content-Length" in self._response.headers

    def next_part(self, timeout_s: float) -> bytes:
        """The next picture of an MJPEG stream. Raises TimeoutError where none comes in time, and
        SourceError with what else happened.
        """
        deadline_s = time.monotonic() + timeout_s
        return self._within(deadline_s, lambda: self._part(deadline_s))

    def whole(self, timeout_s: float) -> bytes:
        """All of it, a single picture. Raises likewise."""
        deadline_s = time.monotonic() + timeout_s
        return self._within(deadline_s, lambda: self._read(MOST_BYTES, deadline_s))

    def close(self) -> None:
        self._response.close()

    def _within(self, deadline_s: float, read: Callable[[], bytes]) -> bytes:
        try:
            self._limit(deadline_s)
            return read()
        except TimeoutError:
            raise
        except (OSError, HTTPException, ValueError) as error:
            raise SourceError(f"the connection broke ({error or type(error).__name__})") from None

    def _part(self, deadline_s: float) -> bytes:
        size, seen = None, False
        for _ in range(_MOST_LINES):
            self._limit(deadline_s)
            line = self._response.readline(_LONGEST_LINE)
            if not line:
                raise SourceError("the camera closed the connection")
            name, _, value = line.strip().partition(b":")
            if name.lower() == b"content-length" and value.strip().isdigit():
                size = int(value)
            seen = seen or bool(line.strip())
            if not line.strip() and seen:
                break
        else:
            raise SourceError(f"no picture came in {_MOST_LINES} lines")
        if size is not None:
            if size > MOST_BYTES:
                raise SourceError(f"a picture of {size} bytes was announced")
            return self._read(size, deadline_s)
        return self._until_end(deadline_s)

    def _until_end(self, deadline_s: float) -> bytes:
        """Up to the JPEG's end, where its length is not announced."""
        data = bytearray()
        while not data.rstrip(b"\r\n").endswith(b"\xff\xd9"):
            self._limit(deadline_s)
            line = self._response.readline(1 << 16)
            if not line or len(data) > MOST_BYTES:
                raise SourceError("the camera closed the connection")
            data += line
        return bytes(data.rstrip(b"\r\n"))

    def _read(self, size: int, deadline_s: float) -> bytes:
        data = bytearray()
        while len(data) < size:
            self._limit(deadline_s)
            chunk = self._response.read1(min(size - len(data), 1 << 16))
            if not chunk:
                if size == MOST_BYTES:
                    break
                raise SourceError("the camera closed the connection")
            data += chunk
        return bytes(data)

    def _limit(self, deadline_s: float) -> None:
        """Let no wait on the socket be longer than what is left."""
        left_s = deadline_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        socket = getattr(getattr(self._response.fp, "raw", None), "_sock", None)
        if socket is not None:
            socket.settimeout(left_s)


class _Https(urllib.request.HTTPSHandler):
    """Reads the system's signers only where it is needed without a context: half a megabyte."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        urllib.request.AbstractHTTPHandler.__init__(self)
        self._trusting = context

    def https_open(self, request: urllib.request.Request) -> HTTPResponse:
        context = self._trusting or ssl.create_default_context()
        return self.do_open(partial(HTTPSConnection, context=context), request)


@contextmanager
def _opener(
    url: str, timeout_s: float, ca_file: str
) -> Iterator[tuple[str, urllib.request.OpenerDirector]]:
    """The address without user and password, and what opens it with them, Basic or Digest.

    Over TLS nobody gets them but who is trusted; where that one sends us elsewhere, the system's
    signers count.
    """
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    address = urlunsplit(parts._replace(netloc=place, fragment=""))
    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    if parts.username is not None:
        user, password = unquote(parts.username), unquote(parts.password or "")
        passwords.add_password(None, address, user, password)
    context = None
    if parts.scheme == "https":
        context = trusted(parts.hostname or "", parts.port or 443, ca_file, timeout_s)
    handlers: tuple[urllib.request.BaseHandler, ...] = (
        urllib.request.HTTPHandler(),
        _Https(context),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPDigestAuthHandler(passwords),
        urllib.request.HTTPBasicAuthHandler(passwords),
    )
    opener = urllib.request.OpenerDirector()
    for handler in handlers:
        opener.add_handler(handler)
    try:
        yield address, opener
    finally:  # a ring of both, with all that they know of TLS, would stay for many minutes
        for handler in handlers:
            handler.parent = None  # type: ignore[assignment]


def _kind(content_type: str) -> str:
    if content_type.startswith("multipart/"):
        return "mjpeg"
    return "picture" if content_type.startswith("image/") else "other"


def _of_status(code: int, *, has_user: bool) -> str:
    match code:
        case 401 | 403 if has_user:
            return f"the camera refuses this user and password (HTTP {code})"
        case 401 | 403:
            return f"the camera asks for a user and a password (HTTP {code}): http://USER:PASS@…"
        case 404:
            return "the camera has nothing at this path (HTTP 404): check the path"
        case _:
            return f"the camera answers with an error (HTTP {code})"


def _of_failure(error: Exception, host: str, timeout_s: float) -> str:
    reason = getattr(error, "reason", error)
    if isinstance(reason, TimeoutError):
        return f"{host} gave no answer within {timeout_s:g} s: check that the camera is on"
    if type(reason).__name__ == "gaierror":
        return f"there is no host {host}; check the name and the network"
    if isinstance(reason, OSError) and reason.strerror:
        return f"{host}: {reason.strerror}; check that the camera serves there"
    return f"{host} does not speak HTTP there ({type(reason).__name__})"
