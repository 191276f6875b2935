"""Network cameras on loopback: alive, stalled, dead, refusing, and back again."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, pairwise

import pytest
from rigs.mjpeg_server import BURST, HEIGHT, WIDTH
from rigs.servers import RigMissingError, Server, mjpeg_server, rtsp_server

from edge.errors import SourceError
from edge.settings.sections import CameraSettings
from edge.sources.video import FrameSource, open_source

SETTINGS = CameraSettings(open_timeout_s=5, read_timeout_s=1, retries=2, retry_delay_s=0.05)
HASTY = CameraSettings(open_timeout_s=1, read_timeout_s=1, retries=0)


@pytest.fixture
def mjpeg() -> Iterator[Server]:
    with mjpeg_server() as server:
        yield server


@pytest.fixture
def rtsp() -> Iterator[Server]:
    try:
        with rtsp_server() as server:
            yield server
    except RigMissingError as error:
        pytest.skip(
            f"no RTSP server here ({error}): tests/rigs/rtsp_server.py says what to install"
        )


def stream(url: str, settings: CameraSettings = SETTINGS) -> FrameSource:
    return open_source(url, settings=settings)


def test_mjpeg_alive(mjpeg: Server) -> None:
    with stream(mjpeg.url("/alive")) as source:
        frames = list(islice(source, 20))
        assert source.ended is None
    assert frames[0].image.shape == (HEIGHT, WIDTH, 3)
    greens = [float(each.image[:, :, 1].mean()) for each in frames]
    steps = [later - earlier for earlier, later in pairwise(greens)]
    assert steps == pytest.approx([5] * 19, abs=2)  # each frame once, none skipped


@pytest.mark.parametrize(
    ("path", "reason"),
    [("/stall", "no frame came within 1 s"), ("/die", "closed the connection")],
)
def test_what_stalls_or_dies_is_opened_again(
    mjpeg: Server, path: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    with stream(mjpeg.url(path)) as source:
        frames = list(islice(source, BURST + 3))
        assert source.ended is None
    assert [each.index for each in frames] == list(range(BURST + 3))
    (warned,) = {record.getMessage() for record in caplog.records}
    assert reason in warned
    assert "try 1 of 2" in warned


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/stall", "stream died: no frame came within 1 s"),
        ("/die", "stream died: the camera closed the connection"),
    ],
)
def test_without_retries_the_first_death_ends_it(mjpeg: Server, path: str, reason: str) -> None:
    with stream(mjpeg.url(path), HASTY) as source:
        assert len(list(source)) == BURST
        assert source.ended == reason
        assert source.failed


def test_failures_in_a_row_end_it_with_the_reason(mjpeg: Server) -> None:
    with stream(mjpeg.url("/once")) as source:
        assert len(list(source)) == BURST
    assert source.failed
    assert source.ended is not None
    assert source.ended.startswith("stream died: cannot open")
    assert source.ended.endswith("(2 tries to open it again failed)")


def test_what_dies_and_comes_back_goes_on(mjpeg: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with stream(mjpeg.url("/returns")) as source:
        frames = list(islice(source, BURST + 20))
        assert source.ended is None
    times = [each.timestamp_s for each in frames]
    assert times == sorted(times)
    assert [(record.levelname, record.getMessage()[-14:]) for record in caplog.records] == [
        ("WARNING", "s (try 1 of 2)"),
        ("INFO", "s (try 2 of 2)"),
    ]


def test_a_killed_server_ends_it(mjpeg: Server) -> None:
    with stream(mjpeg.url("/alive")) as source:
        frames = iter(source)
        next(frames)
        mjpeg.kill()
        list(frames)
        assert source.ended is not None
        assert "Connection refused" in source.ended


def test_a_server_that_never_answers_is_given_up(mjpeg: Server) -> None:
    with (
        pytest.raises(SourceError, match="gave no answer within 1 s"),
        stream(mjpeg.url("/hang"), HASTY),
    ):
        pass


def test_a_wrong_path_says_so_without_the_password(mjpeg: Server) -> None:
    url = mjpeg.url("/nothing").replace("127", "me:s3cret@127")
    with pytest.raises(SourceError, match=r"HTTP 404.: check the path") as caught, stream(url):
        pass
    assert "s3cret" not in str(caught.value)


def test_a_video_file_on_a_web_server_is_no_camera(mjpeg: Server) -> None:
    with (
        pytest.raises(SourceError, match="download it and give the file"),
        stream(mjpeg.url("/clip")),
    ):
        pass


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_a_refusing_port_says_so(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with (
        pytest.raises(SourceError, match="Connection refused"),
        stream(f"{scheme}://127.0.0.1:{port}/cam"),
    ):
        pass


@pytest.mark.parametrize("path", ["/bare", "/slow", "/snapshot.jpg", "/late"])
def test_slow_and_odd_cameras_start_with_the_defaults(mjpeg: Server, path: str) -> None:
    settings = CameraSettings(retries=0, snapshot_interval_s=0.2)
    with stream(mjpeg.url(path), settings) as source:
        frames = list(islice(source, 2))
        assert source.ended is None
    assert len(frames) == 2
    assert (frames[0].image != frames[1].image).any()


def test_a_snapshot_is_asked_for_at_the_rate_that_is_set(mjpeg: Server) -> None:
    with stream(mjpeg.url("/snapshot.jpg"), CameraSettings(snapshot_interval_s=0.5)) as source:
        times = [frame.timestamp_s for frame in islice(source, 4)]
    assert [later - before for before, later in pairwise(times)] == pytest.approx(
        [0.5] * 3, abs=0.3
    )


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/asks", "asks for a user and a password"),
        ("/page", "gives text/html and no video"),
        ("/nothing", "nothing at this path"),
    ],
)
def test_what_is_no_stream_says_what_it_is(mjpeg: Server, path: str, said: str) -> None:
    with pytest.raises(SourceError, match=said), stream(mjpeg.url(path)):
        pass


def test_a_refused_password_is_called_so(mjpeg: Server) -> None:
    url = mjpeg.url("/asks").replace("127", "me:s3cret@127")
    with pytest.raises(SourceError, match="refuses this user and password"), stream(url):
        pass


def test_a_scheme_may_be_in_capitals(mjpeg: Server) -> None:
    with stream(mjpeg.url("/alive").replace("http", "HTTP")) as source:
        next(iter(source))


# tests/rigs/slow_streams.py tries many more, and slower ones.
def test_rtsp_that_is_slow_starts_with_the_defaults(rtsp: Server) -> None:
    def first_two(path: str) -> int:
        with stream(rtsp.url(path, scheme="RTSP"), CameraSettings(retries=0)) as source:
            return len(list(islice(source, 2)))

    with ThreadPoolExecutor() as pool:  # all wait at once
        assert list(pool.map(first_two, ["/late", "/rare", "/sound", "/cam"])) == [2] * 4


def test_rtsp_alive(rtsp: Server) -> None:
    with stream(rtsp.url("/cam", scheme="rtsp")) as source:
        frames = list(islice(source, 10))
        assert source.fps == pytest.approx(25)
    assert frames[0].image.shape == (240, 320, 3)
    assert frames[0].image.max() > 200  # the ball
    assert any((each.image != frames[0].image).any() for each in frames)  # moves


def test_rtsp_killed(rtsp: Server) -> None:
    with stream(rtsp.url("/cam", scheme="rtsp")) as source:
        frames = iter(source)
        next(frames)
        rtsp.kill()
        list(frames)
        assert source.failed
        assert source.ended is not None
        assert source.ended.startswith("stream died")
        assert "Connection refused" in source.ended


def test_rtsp_wrong_path(rtsp: Server) -> None:
    said = r"nothing at this path \(404 Not Found\)"
    with pytest.raises(SourceError, match=said), stream(rtsp.url("/no", scheme="rtsp")):
        pass
