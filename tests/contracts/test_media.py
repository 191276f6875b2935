"""Videos as people really have them, as files and as streams: the face is found where it is."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
from rigs import odd_media, senders
from rigs.mjpeg_server import serving
from rigs.odd_media import KINDS
from rigs.servers import RigMissingError, Server, rtsp_server

from edge.errors import SourceError
from edge.models import find
from edge.models.classifier import Classifier
from edge.pipeline.face import FrameResult, build_face_pipeline
from edge.settings.sections import CameraSettings, Settings
from edge.sources.video import open_source
from edge.types import Face, Frame

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")

FEW = 3
FIRST = 8
"""A clip's face counts from its sixth frame on."""
Make = Callable[[str], Path]
Look = Callable[[Frame], FrameResult]


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Each kind is made once."""
    folder, made = tmp_path_factory.mktemp("media"), dict[str, Path]()

    def once(name: str) -> Path:
        if name not in made:
            made[name] = odd_media.make(name, folder)
        return made[name]

    return once


@pytest.fixture(scope="module")
def classifier() -> Iterator[Classifier]:
    with Classifier(find("edge_net")) as opened:
        yield opened


@pytest.fixture(scope="module")
def look(classifier: Classifier) -> Look:
    """What is seen in a frame, by itself."""

    def seen(frame: Frame) -> FrameResult:
        pipeline = build_face_pipeline(Settings(), classifier, datetime.now(UTC), stills=True)
        (result,) = pipeline.results([frame])
        return result

    return seen


def frames_of(where: str | Path, count: int | None = None) -> tuple[list[Frame], str]:
    """The first frames, or all, and how it ended."""
    settings = CameraSettings(retries=0, read_timeout_s=1)
    with open_source(str(where), settings=settings) as source:
        return list(islice(source, count)), source.ended or ""


@pytest.fixture(scope="module")
def truth(make: Make, look: Look) -> tuple[Face, str]:
    """Where the face is in the scene, and what it shows."""
    (seen,) = look(frames_of(make("plain"), FEW)[0][-1]).observations
    return seen.face, seen.state.label


def scaled(face: Face, across: float, down: float) -> Face:
    return Face(
        round(face.x * across),
        round(face.y * down),
        round(face.width * across),
        round(face.height * down),
    )


def check(result: FrameResult, truth: tuple[Face, str], across: float, down: float) -> None:
    face, label = truth
    true = scaled(face, across, down)
    # Of a dithered picture by itself, another patch may look like a face too.
    seen = min(result.observations, key=lambda one: abs(one.face.x - true.x))
    assert odd_media.near(seen.face, true), (seen.face, true)
    assert seen.state.label == label


@pytest.mark.parametrize("name", KINDS)
def test_the_face_is_where_it_is_and_shows_what_it_shows(
    name: str, make: Make, look: Look, truth: tuple[Face, str]
) -> None:
    kind = KINDS[name]
    check(look(frames_of(make(name), FEW)[0][-1]), truth, kind.across, kind.down)


@pytest.mark.parametrize("name", [name for name in KINDS if name.startswith("animated")])
def test_an_animation_is_a_clip(name: str, make: Make) -> None:
    times = [frame.timestamp_s for frame in frames_of(make(name))[0]]
    assert times == pytest.approx([0, 0.2, 0.4], abs=0.01)


@pytest.mark.parametrize("least_px", [24, 32, 48, 80])
def test_of_a_still_the_smallest_size_is_what_is_set(
    least_px: int, classifier: Classifier, truth: tuple[Face, str], make: Make
) -> None:
    image = frames_of(make("plain"), FEW)[0][-1].image
    settings = Settings()
    detection = settings.detection.model_copy(update={"min_face_px": least_px})
    settings = settings.model_copy(update={"detection": detection})

    def widths(size_px: float) -> list[int]:
        share = size_px / truth[0].width
        small = cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        pipeline = build_face_pipeline(settings, classifier, datetime.now(UTC), stills=True)
        (result,) = pipeline.results([Frame(small.astype(np.uint8), 0.0, 0)])
        return [one.face.width for one in result.observations]

    for size_px in (1.05 * least_px, 1.5 * least_px):
        assert any(abs(found - size_px) < 0.15 * size_px for found in widths(size_px)), size_px
    assert widths(0.7 * least_px) == []


RTSP = ("rotated", "interlaced h264", "pixels 16:11", "variable rate", "10 bit",
        "cover art", "size change", "truncated stream")  # fmt: skip


@pytest.fixture(scope="module")
def rtsp(make: Make) -> Iterator[Server]:
    try:
        with rtsp_server(*(str(make(name)) for name in RTSP)) as server:
            yield server
    except RigMissingError as error:
        pytest.skip(f"no RTSP server here ({error})")


@pytest.mark.parametrize("name", RTSP[1:])
def test_and_so_it_is_over_rtsp(
    name: str, make: Make, rtsp: Server, look: Look, truth: tuple[Face, str]
) -> None:
    kind = KINDS[name]
    frames, _ = frames_of(rtsp.url(f"/{make(name).stem}", scheme="rtsp"), FEW)
    check(look(frames[-1]), truth, kind.across, kind.down)


SENT: dict[str, Callable[[Path], AbstractContextManager[str]]] = {
    "tcp": lambda path: senders.over_tcp(odd_media.as_transport_stream(path)),
    "udp": lambda path: senders.over_udp(odd_media.as_transport_stream(path), odd_media.SECONDS),
    "http": lambda path: senders.over_tcp(path, http=True),
}


@pytest.mark.parametrize(
    ("transport", "name"),
    [
        ("tcp", "interlaced mpeg2"),
        ("tcp", "interlaced h264"),
        ("tcp", "pixels 2:1"),
        ("tcp", "variable rate"),
        ("tcp", "10 bit"),
        ("tcp", "truncated stream"),
        ("tcp", "clock leaps"),
        ("udp", "pixels 16:11"),
        ("udp", "plain"),
        ("http", "pixels 1:2"),
        ("http", "raw"),
        ("http", "rotated"),
    ],
)
def test_and_so_it_is_over(
    transport: str, name: str, make: Make, look: Look, truth: tuple[Face, str]
) -> None:
    kind = KINDS[name]
    path = make(name)
    if transport == "http":  # a live stream has no index, and no length
        path = odd_media.as_live_container(path)
    with SENT[transport](path) as url:
        frames, _ = frames_of(url, FEW)
    check(look(frames[-1]), truth, kind.across, kind.down)


def test_what_rtsp_cannot_say_of_its_pictures_a_setting_does(
    make: Make, rtsp: Server, look: Look, truth: tuple[Face, str]
) -> None:
    """A camera on its side: neither RTSP nor a transport stream has a word for the angle."""
    with open_source(rtsp.url(f"/{make('rotated').stem}", scheme="rtsp"), settings=CameraSettings(
        retries=0, rotate=270)) as source:  # fmt: skip
        frames = list(islice(source, FEW))
    check(look(frames[-1]), truth, 1, 1)


def test_each_frame_of_a_variable_rate_has_its_time(make: Make) -> None:
    frames, _ = frames_of(make("variable rate"))
    times = [frame.timestamp_s for frame in frames]
    assert len({round(later - before, 2) for before, later in itertools.pairwise(times)}) > 2


def test_what_opencv_cannot_decode_says_so_over_http(make: Make) -> None:
    with SENT["http"](odd_media.as_live_container(make("av1"))) as url:
        try:
            assert frames_of(url, 1)[0]
        except SourceError as error:  # OpenCV's FFMPEG may lack AV1; a file is left to PyAV then
            assert "cannot be decoded" in str(error)  # noqa: PT017


def test_a_change_of_size_in_a_file_is_followed(
    make: Make, look: Look, truth: tuple[Face, str]
) -> None:
    last = frames_of(make("size change"))[0][-1]
    scale = last.image.shape[1] / odd_media.WIDTH  # FFMPEG may fit it to the first one's size
    check(look(last), truth, scale, scale)


def test_pictures_that_become_smaller_midway_are_read_as_they_are(
    tmp_path: Path, look: Look, truth: tuple[Face, str]
) -> None:
    pytest.importorskip("av")
    last = frames_of(odd_media.of_sizes(tmp_path, (1280, 960), (640, 480)))[0][-1]
    assert last.image.shape[:2] == (480, 640)
    check(look(last), truth, 1, 1)


def test_of_a_change_of_size_in_mjpeg_one_box_remains(
    make: Make, classifier: Classifier, truth: tuple[Face, str]
) -> None:
    small = frames_of(make("plain"), 1)[0][0].image
    sizes = [small] * FIRST + [cv2.resize(small, None, fx=2, fy=2)] * 5 * FIRST
    with serving([cv2.imencode(".jpg", image)[1].tobytes() for image in sizes]) as url:
        frames, _ = frames_of(url, len(sizes))
    frames = [replace(frame, timestamp_s=frame.index / 25) for frame in frames]
    pipeline = build_face_pipeline(Settings(), classifier, datetime.now(UTC), stills=False)
    results = list(pipeline.results(frames))
    check(results[FIRST - 1], truth, 1, 1)
    assert len(results[-1].observations) == 1
    check(results[-1], truth, 2, 2)


def test_a_clock_that_leaps_dates_nothing_ahead(make: Make) -> None:
    frames, ended = frames_of(make("clock leaps"))
    assert len(frames) >= 2 * 25 * odd_media.SECONDS - 5
    assert frames[-1].timestamp_s < 3
    assert "only" not in ended
    assert "leapt" in ended


def test_what_is_cut_off_says_so(make: Make) -> None:
    frames, ended = frames_of(make("truncated"))
    assert 3 <= len(frames) < 25 * odd_media.SECONDS
    assert ended.startswith("end of file")
