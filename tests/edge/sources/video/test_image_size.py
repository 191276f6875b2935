"""A picture's size is read before its pixels: a small file that claims gigabytes is left out."""

from __future__ import annotations

import logging
import os
import shutil
import struct
import sys
import tracemalloc
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rigs import odd_media, senders

from edge.errors import SourceError, UsageError
from edge.settings.sections import CameraSettings, MicSettings
from edge.sources.audio import open_sound
from edge.sources.video import open_source
from edge.sources.video.image_size import size_of, too_large
from edge.sources.video.jpeg_frame import of_jpeg

SUFFIXES = (".bmp", ".jpg", ".png", ".ppm", ".pgm", ".pbm", ".tif", ".webp", ".hdr", ".ras")


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(("width", "height"), [(1, 1), (640, 480), (33, 700)])
def test_the_size_is_what_opencv_decodes(suffix: str, width: int, height: int) -> None:
    shape = (height, width) if suffix in (".pgm", ".pbm") else (height, width, 3)
    done, data = cv2.imencode(suffix, np.full(shape, 200, np.uint8))
    assert done
    assert size_of(data.tobytes()) == (width, height)


def bomb(side: int) -> bytes:
    """A PNG of a few hundred bytes that claims side x side pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(100_000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def test_a_png_whose_part_claims_gigabytes_is_not_decoded() -> None:
    whole = cv2.imencode(".png", np.full((48, 64, 3), 200, np.uint8))[1].tobytes()
    at = whole.index(b"IDAT") - 4
    assert not too_large(whole)
    assert not too_large(whole[:-30])  # what is cut short is for the decoder to tell
    claim = struct.pack(">I", 0xD0_00_00_00)
    assert "far longer than the file" in too_large(whole[:at] + claim + whole[at + 4 :])


def test_a_bomb_in_a_folder_is_left_out_and_the_rest_is_seen(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    (tmp_path / "1.png").write_bytes(bomb(30_000))
    cv2.imwrite(str(tmp_path / "2.png"), np.full((80, 60, 3), 90, np.uint8))
    with open_source(str(tmp_path), settings=CameraSettings()) as source:
        frames = list(source)
    assert [Path(frame.source or "").name for frame in frames] == ["2.png"]
    assert "1.png was left out: it claims 30000x30000 pixels" in caplog.text


@settings(deadline=None)
@given(
    st.sampled_from(
        [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM", b"RIFF", b"II*\0", b"MM\0*", b"P5", b""]
    ),
    st.binary(max_size=200),
)
def test_any_bytes_have_a_size_or_none(magic: bytes, rest: bytes) -> None:
    size_of(magic + rest)
    assert isinstance(too_large(magic + rest), str)


def test_a_fifo_as_a_sound_is_refused_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "sound.wav"
    os.mkfifo(pipe)
    with pytest.raises(UsageError, match="pipe"):
        open_sound(str(pipe), MicSettings())


def test_the_bound_is_a_setting(tmp_path: Path) -> None:
    for suffix in (".png", ".gif", ".tga", ".webp", ".jpg"):
        image = np.full((200, 300, 3), 90, np.uint8)
        pillow = pytest.importorskip("PIL.Image")
        pillow.fromarray(image).save(tmp_path / f"a{suffix}")
        path = str(tmp_path / f"a{suffix}")
        with open_source(path, settings=CameraSettings(max_megapixels=0.06)) as source:
            assert len(list(source)) == 1
        small = CameraSettings(max_megapixels=0.05)
        with (
            pytest.raises(SourceError, match=r"300x200 pixels.*max_megapixels"),
            open_source(path, settings=small) as source,
        ):
            list(source)


def test_a_file_far_larger_than_any_picture_is_not_read_whole(tmp_path: Path) -> None:
    for name in ("film.mp4", "picture.png"):
        (tmp_path / name).write_bytes(b"\x89PNG\r\n\x1a\n" if name.endswith("g") else b"no")
        os.truncate(tmp_path / name, 1 << 40)
    tracemalloc.start()
    try:
        with (
            pytest.raises(SourceError, match="2 of 2 files were left out"),
            open_source(str(tmp_path), settings=CameraSettings(max_megapixels=1)) as source,
        ):
            list(source)
        assert tracemalloc.get_traced_memory()[1] < 100 << 20
    finally:
        tracemalloc.stop()


def test_a_camera_s_jpeg_that_claims_gigabytes_is_not_decoded() -> None:
    data = bytearray(cv2.imencode(".jpg", np.full((48, 64, 3), 200, np.uint8))[1].tobytes())
    at = data.index(b"\xff\xc0")
    struct.pack_into(">HH", data, at + 5, 65_500, 65_500)
    with pytest.raises(SourceError, match="65500x65500"):
        of_jpeg(np.frombuffer(bytes(data), np.uint8), 0.0, 0)
    struct.pack_into(">HH", data, at + 5, 48, 64)
    assert of_jpeg(np.frombuffer(bytes(data), np.uint8), 0.0, 0).pixels.shape == (48, 64)


def test_an_animation_of_many_large_pictures_is_decoded_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pillow = pytest.importorskip("PIL.Image")
    first, *rest = (pillow.new("RGB", (300, 200), (n * 20, 0, 0)) for n in range(6))
    path = tmp_path / "a.webp"
    first.save(path, save_all=True, append_images=rest, duration=100)
    monkeypatch.setattr("edge.sources.video.animation.MAX_MEGAPIXELS", 0.1)
    monkeypatch.setattr("edge.sources.video.animation._by_opencv", lambda data: 1 / 0)
    with open_source(str(path), settings=CameraSettings()) as source:
        assert len(list(source)) == 6
    with (
        pytest.raises(SourceError, match="300x200"),
        open_source(str(path), settings=CameraSettings(max_megapixels=0.05)),
    ):
        pass


TOO_LARGE = r"claims 640x480 pixels, more than 0\.3 million.*camera\.max_megapixels"
needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")


@needs_ffmpeg
@pytest.mark.parametrize(
    "name", ["plain", "raw", "truncated stream", "animated gif", "animated png", "animated webp"]
)
def test_a_video_of_pictures_that_are_too_large_is_refused(name: str, tmp_path: Path) -> None:
    path = odd_media.make(name, tmp_path)
    with (
        pytest.raises(SourceError, match=TOO_LARGE),
        open_source(str(path), settings=CameraSettings(max_megapixels=0.3)) as source,
    ):
        next(iter(source))


@needs_ffmpeg
def test_its_pictures_are_not_decoded_to_know_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.sources.video.file._decoders", lambda _: 1 / 0)
    with (
        pytest.raises(SourceError, match=TOO_LARGE),
        open_source(
            str(odd_media.make("plain", tmp_path)), settings=CameraSettings(max_megapixels=0.3)
        ),
    ):
        pass


@needs_ffmpeg
@pytest.mark.parametrize("http", [False, True])
def test_nor_is_a_stream_of_them_read(http: bool, tmp_path: Path) -> None:
    path = odd_media.make("plain", tmp_path)
    sent = odd_media.as_live_container(path) if http else odd_media.as_transport_stream(path)
    with (
        senders.over_tcp(sent, http=http) as url,
        pytest.raises(SourceError, match=TOO_LARGE),
        open_source(url, settings=CameraSettings(max_megapixels=0.3)),
    ):
        pass


@needs_ffmpeg
def test_pictures_that_grow_are_read_where_they_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenCV raises where a picture does not fit into the first one's buffer."""
    path = str(odd_media.of_sizes(tmp_path, (64, 64), (640, 480)))
    with (
        pytest.raises(SourceError, match=TOO_LARGE),
        open_source(path, settings=CameraSettings(max_megapixels=0.3)) as source,
    ):
        list(source)
    pytest.importorskip("av")
    with open_source(path, settings=CameraSettings()) as source:
        assert {frame.image.shape[:2] for frame in source} == {(64, 64), (480, 640)}
    monkeypatch.setitem(sys.modules, "av", None)
    with (
        pytest.raises(SourceError, match="no frames of its format h264 could be decoded"),
        open_source(path, settings=CameraSettings()),
    ):
        pass
