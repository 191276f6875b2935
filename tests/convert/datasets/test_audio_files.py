"""Sound files of any rate and channel count become the same samples; damage is one sentence."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from convert.datasets import audio_files as sounds
from convert.datasets import noise
from edge.errors import DataError, MissingDataError, MissingPackageError, UsageError

soundfile = pytest.importorskip("soundfile")
pytest.importorskip("soxr")
RATE_HZ = 16_000


def tone(rate_hz: int, hz: float = 440, seconds: float = 1.0) -> np.ndarray:
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    return (0.5 * np.sin(2 * np.pi * hz * time_s)).astype(np.float32)


def pitch_hz(samples: np.ndarray) -> float:
    return float(abs(np.fft.rfft(samples)).argmax() * RATE_HZ / len(samples))


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("ending", ["wav", "flac"])
@pytest.mark.parametrize("channels", [1, 2])
def test_any_file_becomes_16_khz_mono(
    tmp_path: Path, rate_hz: int, ending: str, channels: int
) -> None:
    path = tmp_path / f"tone.{ending}"
    soundfile.write(path, np.stack([tone(rate_hz)] * channels, axis=1), rate_hz)
    found = sounds.read(path, RATE_HZ)
    assert found.dtype == np.float32
    assert found.shape == (RATE_HZ,)
    # The filter's ends ring.
    np.testing.assert_allclose(found[800:-800], tone(RATE_HZ)[800:-800], atol=2e-3)


def test_channels_are_averaged(tmp_path: Path) -> None:
    path = tmp_path / "two.wav"
    soundfile.write(path, np.array([[0.5, -0.25]] * 100, np.float32), RATE_HZ, subtype="FLOAT")
    np.testing.assert_allclose(sounds.read(path, RATE_HZ), 0.125)


def test_faster_is_shorter_and_higher() -> None:
    fast = sounds.change_speed(tone(RATE_HZ), 1.1)
    assert len(fast) == pytest.approx(RATE_HZ / 1.1, abs=2)
    assert pitch_hz(fast) == pytest.approx(484, abs=3)
    assert sounds.change_speed(tone(RATE_HZ), 1.0) is not fast


def test_what_is_no_sound_is_said(tmp_path: Path) -> None:
    path = tmp_path / "text.wav"
    path.write_text("not a sound at all")
    with pytest.raises(DataError, match="cannot be read as sound"):
        sounds.read(path, RATE_HZ)
    with pytest.raises(MissingDataError, match="there is no sound file"):
        sounds.read(tmp_path / "absent.wav", RATE_HZ)
    soundfile.write(path, np.zeros(0, np.float32), RATE_HZ)
    with pytest.raises(DataError, match="holds no sound"):
        sounds.read(path, RATE_HZ)
    soundfile.write(path, np.array([0, np.nan], np.float32), RATE_HZ, subtype="FLOAT")
    with pytest.raises(DataError, match="no numbers"):
        sounds.read(path, RATE_HZ)


@pytest.mark.parametrize("package", ["soundfile", "soxr"])
def test_a_missing_package_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(8_000), 8_000)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackageError, match=package):
        sounds.read(path, RATE_HZ)


@pytest.mark.parametrize("snr_db", noise.SNRS_DB)
def test_noise_is_added_at_the_ratio(snr_db: float) -> None:
    rng = np.random.default_rng(0)
    voice = 0.01 * tone(RATE_HZ)
    hiss = rng.standard_normal(RATE_HZ).astype(np.float32)
    added = noise.mix(voice, hiss, snr_db) - voice
    ratio_db = 10 * np.log10(np.square(voice).mean() / np.square(added).mean())
    assert ratio_db == pytest.approx(snr_db, abs=0.01)


def test_loud_noise_turns_the_mixture_down_and_does_not_clip() -> None:
    rng = np.random.default_rng(0)
    hiss = rng.standard_normal(RATE_HZ).astype(np.float32)
    mixed = noise.mix(tone(RATE_HZ), hiss, 0)
    assert abs(mixed).max() == pytest.approx(1)
    assert (abs(mixed) > 0.999).sum() <= 2


def test_without_a_voice_or_a_noise_there_is_no_ratio() -> None:
    silence = np.zeros(100, np.float32)
    np.testing.assert_array_equal(noise.mix(silence, tone(100), 10), silence)
    np.testing.assert_array_equal(noise.mix(tone(100), silence, 10), tone(100))


def test_training_and_test_hear_different_halves(tmp_path: Path) -> None:
    recording = np.random.default_rng(0).uniform(-0.5, 0.5, 1000).astype(np.float32)
    soundfile.write(tmp_path / "tap.wav", recording, RATE_HZ, subtype="FLOAT")
    halves = [noise.load(tmp_path, half)[0] for half in noise.HALVES]
    assert [half.name for half in halves] == ["tap", "tap"]
    np.testing.assert_array_equal(np.concatenate([half.samples for half in halves]), recording)
    with pytest.raises(UsageError, match="training or test"):
        noise.load(tmp_path, "whole")


def test_noise_that_is_not_there_or_silent(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"no \.flac or .wav noise"):
        noise.load(tmp_path, "test")
    half_silent = np.concatenate([tone(1000), np.zeros(1000, np.float32)])
    soundfile.write(tmp_path / "stops.wav", half_silent, RATE_HZ)
    assert noise.load(tmp_path, "training")
    with pytest.raises(DataError, match=r"test half .* is silent"):
        noise.load(tmp_path, "test")


def test_a_stretch_wraps_round() -> None:
    recording = np.arange(5, dtype=np.float32)
    found = noise.segment(recording, 12, np.random.default_rng(0))
    assert found.shape == (12,)
    np.testing.assert_array_equal(np.diff(found) % 5, 1)


@pytest.mark.data
def test_the_noise_at_hand(data_dir: Path) -> None:
    for half in noise.HALVES:
        found = {recording.name for recording in noise.load(data_dir / "noise", half)}
        assert {"babble_noisex_like", "sc_running_tap"} <= found
