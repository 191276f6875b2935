"""A network camera on loopback: MJPEG over HTTP, well and ill.

    python tests/rigs/mjpeg_server.py [PORT]  binds PORT, or a free one, of 127.0.0.1; prints it

/alive    frames for as long as somebody reads
/face     the bundled portrait, likewise
/stall    BURST frames, then silence on an open connection
/die      BURST frames, then the connection closes; every time
/once     BURST frames, then closed; afterwards 404
/returns  BURST frames, then closed; then 503 once; then as /alive
/still    the very same picture for as long as somebody reads
/hang     accepts and never answers
/slow     a frame every 3 s, the first after 1 s
/late     its first frame comes after 4 s
/every/STEP/FIRST  a frame every STEP s, the first after FIRST s
/bare     /alive without the lengths of its pictures
/snapshot.jpg  a single picture, another one each time
/asks     401
/page     a web page
/clip     a whole video file, as a web server gives it
Anything else is 404. The green part of a frame is 40 plus five times its number, so a reader can
tell frames apart.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count, cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

import cv2
import numpy as np

from edge.settings.sections import CameraSettings
from edge.sources.video.synthetic import SyntheticSource

# Run as a script, it has to find its neighbours as the tests do.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from rigs.clips import write_clip

BURST = 12
FPS = 50
WIDTH, HEIGHT = 160, 120


def jpeg(number: int) -> bytes:
    """A plain picture, another one for each of 40 numbers."""
    image = np.full((HEIGHT, WIDTH, 3), (30, 40 + 5 * (number % 40), 200), np.uint8)
    return cv2.imencode(".jpg", image)[1].tobytes()


def portraits() -> list[bytes]:
    """The synthetic clip's first half second."""
    with SyntheticSource("", CameraSettings()) as source:
        return [cv2.imencode(".jpg", frame.image)[1].tobytes() for frame in islice(source, 15)]


class Camera(BaseHTTPRequestHandler):
    visits: ClassVar[Counter[str]] = Counter()
    leaving: ClassVar[threading.Event] = threading.Event()

    def do_GET(self) -> None:
        self.visits[self.path] += 1
        visit = self.visits[self.path]
        match self.path:
            case "/alive":
                self.send(map(jpeg, count()))
            case "/face":
                self.send(cycle(portraits()))
            case "/still":
                self.send(map(jpeg, iter(lambda: 7, None)))
            case "/stall":
                self.send(map(jpeg, range(BURST)))
                self.leaving.wait()
            case "/die":
                self.send(map(jpeg, range(BURST)))
            case "/once" if visit == 1:
                self.send(map(jpeg, range(BURST)))
            case "/returns" if visit == 1:
                self.send(map(jpeg, range(BURST)))
            case "/returns" if visit == 2:
                self.send_error(503)
            case "/returns":
                self.send(map(jpeg, count()))
            case "/hang":
                self.leaving.wait()
            case "/slow":
                self.send(map(jpeg, count()), first_s=1, step_s=3)
            case "/late":
                self.send(map(jpeg, count()), first_s=4)
            case path if path.startswith("/every/"):
                step_s, first_s = map(float, path.split("/")[2:])
                self.send(map(jpeg, count()), first_s=first_s, step_s=step_s)
            case "/given":
                self.send(iter(self.pictures))
            case "/one":
                self.send_whole(self.pictures[0], self.content_type)
            case "/bare":
                self.send(map(jpeg, count()), lengths=False)
            case "/snapshot.jpg":
                self.send_whole(jpeg(visit), "image/jpeg")
            case "/asks":
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="camera"')
                self.end_headers()
            case "/page":
                self.send_whole(b"<html>a camera's settings</html>", "text/html")
            case "/clip":
                self.send_file()
            case _:
                self.send_error(404)

    pictures: ClassVar[list[bytes]] = []
    content_type: ClassVar[str] = "image/jpeg"

    def send(
        self,
        pictures: Iterator[bytes],
        *,
        first_s: float = 0,
        step_s: float = 1 / FPS,
        lengths: bool = True,
    ) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        try:
            self.leaving.wait(first_s)
            for data in pictures:
                length = f"Content-Length: {len(data)}\r\n" if lengths else ""
                head = f"--frame\r\nContent-Type: image/jpeg\r\n{length}\r\n"
                self.wfile.write(head.encode() + data + b"\r\n")
                self.leaving.wait(step_s)
        except OSError:
            pass  # the reader left

    def send_whole(self, data: bytes, content_type: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def send_file(self) -> None:
        with TemporaryDirectory() as folder:
            data = write_clip(Path(folder) / "clip.avi", 30).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def serving(pictures: list[bytes]) -> Iterator[str]:
    """The URL of these JPEGs as MJPEG, once, from a thread of this process."""
    with _given(pictures=pictures) as url:
        yield f"{url}/given"


@contextmanager
def serving_one(picture: bytes, content_type: str) -> Iterator[str]:
    """The URL of one picture, likewise, for whoever asks."""
    with _given(pictures=[picture], content_type=content_type) as url:
        yield f"{url}/one"


@contextmanager
def _given(**what: object) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Given", (Camera,), what))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def main() -> None:
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    server = ThreadingHTTPServer(("127.0.0.1", port), Camera)
    server.daemon_threads = True
    print(server.server_port, flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        Camera.leaving.set()


if __name__ == "__main__":
    main()
