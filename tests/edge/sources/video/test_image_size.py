"""A picture's size is read before its pixels: a small file that claims gigabytes is left out."""

from __future__ import annotations

import logging
import os
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import UsageError
from edge.settings.sections import CameraSettings, MicSettings
from edge.sources.audio import open_sound
from edge.sources.video import open_source
from edge.sources.video.image_size import size_of, too_large

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
