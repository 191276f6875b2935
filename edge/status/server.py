"""How the run is, over HTTP: a page, JSON, Prometheus. For this device, unless a person opens it.

Off by default. On loopback it still answers only to this device's own names, so that no web page
of somewhere else can read it through a browser here (DNS rebinding).
"""

from __future__ import annotations

import hmac
import io
import ipaddress
import logging
import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl

from edge.errors import EdgeError
from edge.health.report import Report
from edge.settings.sections import Settings, StatusSettings
from edge.status.pages import Answer, Pages
from edge.status.present import Person

if TYPE_CHECKING:
    from edge.status.preview import Pictures, Preview

MAX_REQUEST_BYTES = 16 << 10
MAX_AT_ONCE = 8
TIMEOUT_S = 5.0
"""For sending the answer."""
REQUEST_S = 3.0
"""For the whole request to come."""
_ROOM_S = 0.5

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_COOKIE = "edge_page"

_log = logging.getLogger(__name__)


class StatusPage:
    """Serves `report` in threads of its own, from the moment it is made until `close`.

    log: whose history the page shows; None shows none
    people: who is there now; None where only counts may be shown
    preview: the camera's live picture; None where nobody asked for it
    run: the settings of the run, which the page for people in front tells of
    Raises EdgeError where the address cannot be listened on, UsageError for a language that is
    not there.
    """

    def __init__(
        self,
        settings: StatusSettings,
        report: Callable[[], Report],
        log: Path | None,
        people: Callable[[], list[Person]] | None = None,
        *,
        preview: Preview | None = None,
        run: Settings | None = None,
    ) -> None:
        pages = Pages(report, log, people, preview=preview, settings=run)
        try:
            self._server = _Server(settings, pages)
        except OSError as error:
            raise EdgeError(
                f"the status page cannot listen on {settings.host} port {settings.port} "
                f"({error.strerror or error}): set another status.port or status.host"
            ) from error
        self.port = int(self._server.server_address[1])
        self.url = f"http://{_in_url(settings.host)}:{self.port}/"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.2,), name="status", daemon=True
        )
        self._thread.start()
        _log.info("status page: %s", self.url)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, settings: StatusSettings, pages: Pages) -> None:
        self.address_family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        super().__init__((settings.host, settings.port), _Handler)
        self.pages = pages
        self.token = settings.token.get_secret_value()
        # The token itself stays out of the browser's store.
        self.cookie = hmac.new(self.token.encode(), b"page", "sha256").hexdigest()
        self.names = {"localhost", settings.host.lower(), *(n.lower() for n in settings.names)}
        self._places = threading.BoundedSemaphore(MAX_AT_ONCE)
        self._asking: dict[Any, None] = {}
        self._lock = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._places.acquire(blocking=False):
            # Whoever takes longest to say what they want makes room: a request takes milliseconds.
            self._turn_out_slowest()
            if not self._places.acquire(timeout=_ROOM_S):
                self.shutdown_request(request)
                return
        with self._lock:
            self._asking[request] = None
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.asked(request)
            self._places.release()

    def asked(self, request: Any) -> bool:
        """The request is there in full, and its connection safe; False where that was cut."""
        with self._lock:
            return self._asking.pop(request, self) is None

    def _turn_out_slowest(self) -> None:
        with self._lock:
            slowest = next(iter(self._asking), None)
            if slowest is not None:
                del self._asking[slowest]
                with suppress(OSError):
                    slowest.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        _log.debug("a request to the status page broke", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = TIMEOUT_S
    disable_nagle_algorithm = True
    """What follows the headers waits for no acknowledgement of them."""
    server_version = "emotion-edge"
    sys_version = ""

    def setup(self) -> None:
        super().setup()
        # One request a connection (HTTP/1.0): so a limit for the connection is one for it.
        self.rfile = io.BufferedReader(_Limited(self.rfile, self.connection))

    def do_GET(self) -> None:
        if not self.server.asked(self.connection):
            return
        self.connection.settimeout(TIMEOUT_S)
        if not self._asked_for_us():
            self._refuse(
                HTTPStatus.MISDIRECTED_REQUEST,
                "This device is not called that: add the name to status.names.\n",
            )
            return
        path, _, query = self.path.partition("?")
        given = dict(parse_qsl(query[:1000]))
        if not self._admitted(given):
            self._refuse(HTTPStatus.UNAUTHORIZED, "Give the token: ?token=TOKEN\n")
            return
        answer = self.server.pages.answer(path, given, self.headers.get("Accept-Language", ""))
        if given.get("token"):
            # So that no link and no file of the page needs it again.
            cookie = f"{_COOKIE}={self.server.cookie}; HttpOnly; SameSite=Strict; Path=/"
            answer = replace(answer, headers={**answer.headers, "Set-Cookie": cookie})
        if answer.pictures is None:
            self._answer(answer)
        else:
            self._stream(answer, answer.pictures)

    def do_HEAD(self) -> None:
        self.do_GET()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the base class refuses, under the headers of every answer."""
        self.request_version = self.protocol_version  # of HTTP/0.9 an answer has no headers
        self._refuse(HTTPStatus(code), f"{message or HTTPStatus(code).phrase}\n")

    def _refuse(self, status: HTTPStatus, text: str) -> None:
        self._answer(Answer(text, "text/plain", status))

    def _asked_for_us(self) -> bool:
        """Whether the Host is an address or one of our names: rebinding needs a foreign name."""
        host = self.headers.get("Host", "").strip().lower()
        # An address of version 6 stands in brackets, and the port after them.
        name = host[1:].partition("]")[0] if host[:1] == "[" else host.partition(":")[0]
        if name in self.server.names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def _admitted(self, query: dict[str, str]) -> bool:
        if not self.server.token:
            return True
        kind, _, given = self.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer":
            given = query.get("token", "")
        if not given and self._has_cookie():
            return True
        return _equal(given.strip(), self.server.token)

    def _has_cookie(self) -> bool:
        pairs = (pair.partition("=") for pair in self.headers.get("Cookie", "").split(";"))
        found = {name.strip(): value.strip() for name, _, value in pairs}
        return _equal(found.get(_COOKIE, ""), self.server.cookie)

    def _stream(self, answer: Answer, pictures: Pictures) -> None:
        """Until the run ends or the reader goes, whom the next picture does not reach."""
        with closing(pictures):
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            for name, value in {**_HEADERS, **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            for jpeg in () if self.command == "HEAD" else pictures:
                head = f"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}"
                self.wfile.write(b"%s\r\n\r\n%s\r\n" % (head.encode(), jpeg))

    def _answer(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", f"{answer.kind}; charset=utf-8")
        if answer.rest is None:  # else it ends with the connection
            self.send_header("Content-Length", str(len(answer.text.encode())))
        if answer.status is HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", "Bearer")
        for name, value in {**_HEADERS, **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        for piece in () if self.command == "HEAD" else answer.pieces():
            self.wfile.write(piece.encode())

    def log_message(self, format: str, *arguments: Any) -> None:
        pass  # who looks is nobody's business, and the path may hold the token


class _Limited(io.RawIOBase):
    """What `source` gives, and an end after `MAX_REQUEST_BYTES` or `REQUEST_S`."""

    def __init__(self, source: io.BufferedIOBase, connection: socket.socket) -> None:
        self._source = source
        self._connection = connection
        self._left = MAX_REQUEST_BYTES
        self._end_s = time.monotonic() + REQUEST_S

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        # For the whole request: a byte now and then would outlive a limit for each.
        self._connection.settimeout(max(0.001, self._end_s - time.monotonic()))
        data = self._source.read1(min(len(buffer), self._left))
        buffer[: len(data)] = data
        self._left -= len(data)
        return len(data)


def _equal(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
