"""A sound's header is believed only so far: what it claims takes no memory before it is there."""

from __future__ import annotations

import os
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from convert.datasets import audio_files
from edge.errors import DataError, SourceError
from edge.settings.sections import MicSettings
from edge.sources.audio.file import SoundFileSource, SoundTrackSource

soundfile = pytest.importorskip("soundfile")
MOST_BYTES = 64 << 20


def wav(rate_hz: int, channels: int, claimed_bytes: int = 0xFFFF_FFF0) -> bytes:
    """16-bit PCM of a second at 16 kHz; its header says what is wanted."""
    each = 2 * channels
    form = (1, channels, rate_hz, rate_hz * each & 0xFFFF_FFFF, each & 0xFFFF, 16)
    head = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, *form)
    return (
        b"RIFF\xff\xff\xff\xff" + head + b"data" + struct.pack("<I", claimed_bytes) + bytes(32_000)
    )


def flac(path: Path, rate_hz: int, channels: int, samples: int) -> bytes:
    """A second of noise at 16 kHz, with another STREAMINFO."""
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, 16_000)
    soundfile.write(path, noise, 16_000, format="FLAC")
    info = rate_hz << 44 | (channels - 1) << 41 | 15 << 36 | samples
    whole = path.read_bytes()
    return whole[:18] + info.to_bytes(8, "big") + whole[26:]


def heard_s(path: Path, kind: type[SoundFileSource | SoundTrackSource]) -> float | str:
    """How many seconds it has, or why not."""
    try:
        with kind(str(path), MicSettings()) as source:
            return sum(len(chunk.samples) for chunk in source) / 16_000
    except SourceError as error:
        return str(error)


@pytest.fixture
def within_memory() -> Callable[[Callable[[], object]], object]:
    def measured(work: Callable[[], object]) -> object:
        tracemalloc.start()
        try:
            found = work()
            assert tracemalloc.get_traced_memory()[1] < MOST_BYTES
            return found
        finally:
            tracemalloc.stop()

    return measured


@pytest.mark.parametrize("kind", [SoundFileSource, SoundTrackSource])
@pytest.mark.parametrize("rate_hz", [0, 1, 16_000, 2**31 - 1, 2**31, 2**32 - 1])
@pytest.mark.parametrize("channels", [0, 1, 64, 1024, 65_535])
def test_a_wav_may_claim_what_it_likes(
    tmp_path: Path,
    kind: type[SoundFileSource],
    rate_hz: int,
    channels: int,
    within_memory: Callable[[Callable[[], object]], object],
) -> None:
    if kind is SoundTrackSource:
        pytest.importorskip("av")
    path = tmp_path / "sound.wav"
    path.write_bytes(wav(rate_hz, channels))
    if kind is SoundFileSource:
        os.truncate(path, 256 << 20)  # sparse: the bytes are there, and cost nothing
    if (rate_hz, channels) in {(16_000, 1), (16_000, 64)}:
        path.write_bytes(wav(rate_hz, channels))
        assert within_memory(lambda: heard_s(path, kind)) == pytest.approx(1 / channels, rel=0.1)
    else:
        assert isinstance(within_memory(lambda: heard_s(path, kind)), str)


@pytest.mark.parametrize(
    ("rate_hz", "channels", "samples"),
    [(16_000, 1, 2**36 - 1), (1, 1, 16_000), (2**20 - 1, 8, 2**36 - 1), (16_000, 8, 16_000)],
)
def test_a_flac_may_claim_what_it_likes(
    tmp_path: Path,
    rate_hz: int,
    channels: int,
    samples: int,
    within_memory: Callable[[Callable[[], object]], object],
) -> None:
    path = tmp_path / "sound.flac"
    path.write_bytes(flac(path, rate_hz, channels, samples))
    found = within_memory(lambda: heard_s(path, SoundFileSource))
    assert isinstance(found, str) or found <= 1

    def read() -> object:
        try:
            return len(audio_files.read(path, 16_000))
        except DataError as error:
            return str(error)

    assert within_memory(read)


def test_training_refuses_more_channels_than_any_device_has(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    path.write_bytes(wav(2**31 - 1, 1024))
    os.truncate(path, 256 << 20)
    with pytest.raises(DataError, match="1024 channels at 2147483647 Hz"):
        audio_files.read(path, 16_000)
