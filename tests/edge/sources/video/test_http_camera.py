"""What a hostile or broken HTTP camera may send, and what an opening leaves behind."""

from __future__ import annotations

import gc
import io
import socket
import ssl
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import repeat

import numpy as np
import pytest
from rigs.mjpeg_server import jpeg, serving, serving_one

from edge.errors import SourceError
from edge.settings.sections import CameraSettings
from edge.sources.video import open_source
from edge.sources.video.http_camera import HttpAnswer

MJPEG = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=f\r\n\r\n"


@contextmanager
def camera(sent: Callable[[], Iterator[bytes]]) -> Iterator[str]:
    """Sends each client all of that, as fast as it takes it."""

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listening.accept()
                with client, suppress(OSError):
                    client.recv(4096)
                    for part in sent():
                        client.sendall(part)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/cam"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.mark.parametrize("line", [b"\r\n", b"a: b\r\n", b"x" * 5000 + b"\r\n"])
def test_lines_without_end_are_no_picture(line: bytes) -> None:
    """They would keep a core busy for ever: each comes in time."""
    with camera(lambda: iter([MJPEG, *repeat(line * 100, 2000)])) as url:
        answer = HttpAnswer(url, 5)
        with pytest.raises(SourceError, match="no picture came in 1000 lines"):
            answer.next_part(60)
        answer.close()


@pytest.mark.parametrize("place", ["ftp://127.0.0.1/x", "file:///etc/passwd", "data:,x", "//[::"])
def test_a_camera_that_sends_elsewhere_is_one_sentence(place: str) -> None:
    moved = f"HTTP/1.0 302 Found\r\nLocation: {place}\r\n\r\n".encode()
    with camera(lambda: iter([moved])) as url, pytest.raises(SourceError):
        HttpAnswer(url, 5)


def openers() -> list[object]:
    """Every opener alive; `urlopen` in an earlier test leaves one for good."""
    # Of dead weak proxies, which other tests leave, `isinstance` raises.
    return [one for one in gc.get_objects() if type(one) is urllib.request.OpenerDirector]


def test_an_opening_reads_no_signers_and_leaves_nothing_to_collect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Half a megabyte each would wait in rings for the collector: of a camera that is polled once a
    second, 60 MB within minutes.
    """

    def refuse() -> None:
        raise AssertionError("no TLS here")

    monkeypatch.setattr(ssl, "create_default_context", refuse)
    with serving([jpeg(1)]) as url:
        gc.collect()
        before = openers()
        gc.disable()
        try:
            answer = HttpAnswer(url, 5)
            answer.next_part(5)
            answer.close()
            left = [one for one in openers() if all(one is not other for other in before)]
        finally:
            gc.enable()
    assert not left


@pytest.mark.parametrize("suffix", ["gif", "png", "webp"])
def test_an_animation_on_a_web_server_is_no_camera(suffix: str) -> None:
    pillow = pytest.importorskip("PIL.Image")
    first, *rest = (pillow.new("RGB", (64, 48), (60 * n, 0, 0)) for n in range(4))
    data = io.BytesIO()
    first.save(data, suffix, save_all=True, append_images=rest, duration=100)
    with (
        serving_one(data.getvalue(), f"image/{suffix}") as url,
        pytest.raises(SourceError, match="is an animation, not a live stream: download it"),
        open_source(url, settings=CameraSettings()),
    ):
        pass


@pytest.mark.parametrize("suffix", ["jpeg", "png"])
def test_a_snapshot_is_upright_as_its_exif_says(suffix: str) -> None:
    pillow = pytest.importorskip("PIL.Image")
    lying = np.full((48, 64, 3), 30, np.uint8)
    lying[:, :16] = 220  # bright on the left; turned clockwise by 90 degrees, at the top
    exif = pillow.Exif()
    exif[0x0112] = 6
    data = io.BytesIO()
    pillow.fromarray(lying).save(data, suffix, exif=exif, quality=95)
    with (
        serving_one(data.getvalue(), "image/jpeg") as url,
        open_source(url, settings=CameraSettings(retries=0)) as source,
    ):
        frame = next(iter(source))
    for image in (frame.gray, frame.image):
        assert image.shape[:2] == (64, 48)
        assert image[:12].mean() > 200
        assert image[20:].mean() < 50
