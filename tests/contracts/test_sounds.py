"""What every source of sound must do, whatever it takes it from."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from rigs import fake_pyaudio
from rigs.tracks import write_video

from edge.errors import SourceError
from edge.settings.sections import MicSettings
from edge.sources.audio import _TABLE, SAMPLE_RATE_HZ, SoundSource, open_sound

SETTINGS = MicSettings(open_timeout_s=10, read_timeout_s=10, retries=1, retry_delay_s=0.01)
Maker = Callable[[pytest.MonkeyPatch, Path], SoundSource | None]


def make_microphone(patch: pytest.MonkeyPatch, folder: Path) -> SoundSource | None:
    patch.setitem(sys.modules, "pyaudio", fake_pyaudio.module(fake_pyaudio.Card()))
    return open_sound("default", SETTINGS)


def make_soundfile(patch: pytest.MonkeyPatch, folder: Path) -> SoundSource | None:
    soundfile = pytest.importorskip("soundfile")
    soundfile.write(folder / "tone.flac", fake_pyaudio.tone(16_000, 32_000, 1), 16_000)
    return open_sound(str(folder / "tone.flac"), SETTINGS)


def make_track(patch: pytest.MonkeyPatch, folder: Path) -> SoundSource | None:
    pytest.importorskip("av")
    return open_sound(str(write_video(folder / "clip.mkv", seconds=2)), SETTINGS)


def make_synthetic(patch: pytest.MonkeyPatch, folder: Path) -> SoundSource | None:
    return open_sound("synthetic", SETTINGS)


MAKERS: dict[str, Maker] = {
    "microphone": make_microphone,
    "soundfile": make_soundfile,
    "track": make_track,
    "synthetic": make_synthetic,
}
LIVE = {"microphone"}


@pytest.fixture(params=MAKERS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def source(kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SoundSource:
    found = MAKERS[kind](monkeypatch, tmp_path)
    assert found is not None
    return found


def test_every_registered_source_is_held_to_this() -> None:
    assert MAKERS.keys() == _TABLE.keys()


def test_delivers_mono_chunks_whose_times_follow_their_samples(source: SoundSource) -> None:
    with source:
        chunks = list(islice(source, 6))
    assert len(chunks) == 6
    for chunk in chunks:
        assert chunk.samples.dtype == np.float32
        assert chunk.samples.ndim == 1
        assert len(chunk.samples) > 0
        assert np.abs(chunk.samples).max() <= 1
        assert chunk.sample_rate_hz == SAMPLE_RATE_HZ
    times = [chunk.timestamp_s for chunk in chunks]
    assert times == sorted(times)


def test_counts_what_it_delivered(source: SoundSource) -> None:
    with source:
        delivered = sum(len(chunk.samples) for chunk in islice(source, 3))
        assert source.health.samples == delivered
    assert not source.silent


def test_says_what_it_is(kind: str, source: SoundSource) -> None:
    assert source.name
    assert source.live is (kind in LIVE)


def test_has_a_reason_only_once_it_ended(source: SoundSource) -> None:
    with source:
        assert source.ended is None
        next(iter(source))
        assert source.ended is None
    assert source.ended == "closed"
    assert not source.failed


@pytest.mark.parametrize("kind", sorted(MAKERS.keys() - LIVE), indirect=True)
def test_what_is_finite_ends_as_planned_and_its_times_have_no_hole(source: SoundSource) -> None:
    with source:
        chunks = list(source)
        assert source.ended is not None
        assert source.ended.startswith("end of")
        assert list(source) == []
    assert not source.failed
    ends = [chunk.timestamp_s + len(chunk.samples) / SAMPLE_RATE_HZ for chunk in chunks]
    assert [chunk.timestamp_s for chunk in chunks[1:]] == pytest.approx(ends[:-1], abs=1e-6)
    assert ends[-1] == pytest.approx(source.health.samples / SAMPLE_RATE_HZ, abs=0.1)


def test_a_second_close_is_harmless(source: SoundSource) -> None:
    with source:
        next(iter(source))
    reason = source.ended
    source.close()
    source.close()
    assert source.ended == reason


def test_may_be_closed_before_it_was_opened_and_opened_twice_in_turn(source: SoundSource) -> None:
    source.close()
    for _ in range(2):
        with source:
            assert len(next(iter(source)).samples)


@pytest.mark.parametrize("opened_before", [False, True])
def test_outside_with_it_says_so(source: SoundSource, opened_before: bool) -> None:
    if opened_before:
        with source:
            pass
    with pytest.raises(SourceError, match="inside its `with`"):
        iter(source)


def test_cannot_be_opened_twice_at_once(source: SoundSource) -> None:
    with source, pytest.raises(SourceError, match="open already"), source:
        pass


def test_closing_from_another_thread_ends_the_iteration(source: SoundSource) -> None:
    with source:
        chunks = iter(source)
        next(chunks)
        closer = threading.Thread(target=source.close)
        closer.start()
        closer.join()
        assert list(islice(chunks, 2)) == []
    assert source.ended == "closed"
