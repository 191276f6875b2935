"""A picture that says how it is to be turned is turned so, of whatever kind it is."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.sources.video.picture_decoding import decode
from edge.sources.video.picture_kinds import HEAD_BYTES, kind_of
from edge.sources.video.picture_turn import orientation_of

pillow = pytest.importorskip("PIL.Image")
pillow_ops = pytest.importorskip("PIL.ImageOps")
pillow_features = pytest.importorskip("PIL.features")


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "tiff", "avif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_it_says(kind: str, orientation: int) -> None:
    if kind == "avif" and not pillow_features.check("avif"):
        pytest.skip("this Pillow writes no AVIF")
    blocks = np.random.default_rng(0).integers(0, 255, (3, 4, 1), np.uint8)
    exif, file = pillow.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    lying = pillow.fromarray(np.kron(blocks, np.ones((16, 16, 3), np.uint8)))
    lying.save(file, kind, exif=exif, quality=98)
    data = file.getvalue()
    as_pillow_turns_it = pillow_ops.exif_transpose(pillow.open(io.BytesIO(data))).convert("RGB")
    expected = np.asarray(as_pillow_turns_it)[..., ::-1].astype(int)
    image = decode(data, kind_of(data[:HEAD_BYTES]) or "")
    assert image.shape == expected.shape
    assert np.abs(image - expected).mean() < 3


@settings(deadline=None)
@given(st.sampled_from([b"RIFF\0\0\0\0WEBP", b"\0\0\0\x1cftypavif"]), st.binary(max_size=200))
def test_any_bytes_are_upright_or_to_be_turned(magic: bytes, rest: bytes) -> None:
    for body in (rest, b"EXIF\x20\0\0\0Exif\0\0II*\0\x08\0\0\0" + rest, b"irot" + rest):
        assert 1 <= orientation_of(magic + body) <= 8
