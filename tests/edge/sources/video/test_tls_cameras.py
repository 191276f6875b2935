"""Cameras over TLS: nobody gets the password but the camera that is trusted."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path

import pytest
from rigs import certificates
from rigs.mjpeg_server import jpeg

from edge.errors import SourceError
from edge.settings.sections import CameraSettings
from edge.sources.video import open_source


class Camera(ThreadingHTTPServer):
    """Asks for a password, then gives a picture, MJPEG, or what it calls a video.

    told: every line that a client sent after the handshake
    """

    daemon_threads = True

    def __init__(self, home: Path, certificate: str) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.told: list[str] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(home / f"{certificate}.pem", home / "key.pem")
        self._context = context

    def finish_request(self, request: object, client_address: object) -> None:
        assert isinstance(request, socket.socket)
        request.settimeout(5)
        try:
            with self._context.wrap_socket(request, server_side=True) as secured:
                super().finish_request(secured, client_address)
        except OSError:
            pass  # a client that does not trust us

    def url(self, path: str, scheme: str = "https") -> str:
        return f"{scheme}://user:geheim@127.0.0.1:{self.server_port}{path}"


class _Answers(BaseHTTPRequestHandler):
    server: Camera

    def parse_request(self) -> bool:
        self.server.told.append(self.raw_requestline.decode())
        return super().parse_request()

    def do_GET(self) -> None:
        self.server.told.append(self.headers.get("Authorization", ""))
        if self.headers.get("Authorization") is None:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="camera"')
            self.end_headers()
            return
        kind = {"/one.jpg": "image/jpeg", "/many": "multipart/x-mixed-replace; boundary=f"}
        self.send_response(200)
        self.send_header("Content-Type", kind.get(self.path, "video/mp4"))
        self.end_headers()
        for number in range(1 if self.path == "/one.jpg" else 5):
            part = jpeg(number)
            if self.path == "/many":
                part = b"--f\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(part), part)
            self.wfile.write(part)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificates.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def camera(home: Path, request: pytest.FixtureRequest) -> Iterator[Camera]:
    with Camera(home, request.param) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def settings(ca_file: Path | None) -> CameraSettings:
    return CameraSettings(
        ca_file=str(ca_file or ""), open_timeout_s=10, retries=0, snapshot_interval_s=0.05
    )


@pytest.mark.parametrize(
    ("camera", "ca", "why"),
    [
        ("good", "", "set camera.ca_file"),
        ("other", "", "set camera.ca_file"),
        ("other", "ca.pem", "is for another name"),
        ("other", "good.pem", "set camera.ca_file"),
        ("expired", "ca.pem", "has expired"),
        ("good", "key.pem", "give a PEM file"),
    ],
    indirect=["camera"],
)
@pytest.mark.parametrize("scheme", ["https", "rtsps"])
def test_who_is_not_trusted_gets_nothing(
    camera: Camera, home: Path, ca: str, why: str, scheme: str
) -> None:
    address = camera.url("/one.jpg", scheme)
    with (
        pytest.raises(SourceError, match=why) as refused,
        open_source(address, settings=settings(home / ca if ca else None)) as source,
    ):
        next(iter(source))
    assert camera.told == []
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize(
    ("camera", "ca"),
    [("good", "ca.pem"), ("good", "good.pem"), ("other", "other.pem")],
    indirect=["camera"],
)
@pytest.mark.parametrize("path", ["/one.jpg", "/many"])
def test_who_is_trusted_gets_the_password_and_gives_pictures(
    camera: Camera, home: Path, ca: str, path: str
) -> None:
    """By its signer; or because that is the very certificate, for whatever name."""
    with open_source(camera.url(path), settings=settings(home / ca)) as source:
        assert len([*islice(source, 3)]) == 3
    assert any("Basic" in line for line in camera.told)


@pytest.mark.parametrize("camera", ["good"], indirect=True)
def test_ffmpeg_gets_to_a_trusted_camera_and_checks_by_itself(
    camera: Camera, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = camera.url("/film", "rtsps")
    with (
        pytest.raises(SourceError, match="cannot open"),  # it speaks no RTSP
        open_source(address, settings=settings(home / "ca.pem")),
    ):
        pass
    assert camera.told[0].startswith("OPTIONS")
    camera.told.clear()
    # As if somebody else answered there between our look and FFMPEG's.
    monkeypatch.setattr("edge.sources.video.stream.trusted", lambda *_: None)
    with pytest.raises(SourceError), open_source(address, settings=settings(None)):
        pass
    # The first opening may still be trying again; what must not come is a password.
    assert not [line for line in camera.told if "Basic" in line or "Digest" in line]
