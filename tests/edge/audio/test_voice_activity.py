"""The voice gate, on made-up sound and on real voices and noises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.audio.feature_settings import FeatureSettings
from edge.audio.voice_activity import VoiceActivityDetector
from edge.pipeline.speech import LEAST_VOICE_S
from edge.settings.sections import MicSettings
from edge.sources.audio.synthetic import SyntheticSoundSource

SETTINGS = FeatureSettings()
MARGIN_DB = MicSettings().gate_db
RATE_HZ = SETTINGS.sample_rate_hz
Sound = np.ndarray


def voices(samples: Sound, chunk: int = 1600) -> list[float]:
    """Seconds of voice in each window, one every half second."""
    gate = VoiceActivityDetector(SETTINGS, MARGIN_DB)
    n_frames = 1 + (len(samples) - SETTINGS.frame_length) // SETTINGS.hop_length
    heard = []
    due = 0
    for start in range(0, len(samples), chunk):
        gate.push(samples[start : start + chunk].astype(np.float32))
        done = 1 + (start + chunk - SETTINGS.frame_length) // SETTINGS.hop_length
        while due + SETTINGS.window_frames <= min(done, n_frames):
            heard.append(gate.voice_s(due))
            due += 50
    return heard


def noise(level: float, seconds: float = 8) -> Sound:
    return np.random.default_rng(1).normal(0, level, round(seconds * RATE_HZ))


def synthetic() -> Sound:
    with SyntheticSoundSource("", MicSettings()) as source:
        return np.concatenate([chunk.samples for chunk in source])


@pytest.mark.parametrize("level", [0, 1e-5, 1e-3, 0.1, 0.5])
def test_silence_and_steady_noise_are_no_voice(level: float) -> None:
    assert max(voices(noise(level))) < LEAST_VOICE_S


def test_a_voice_is_heard_and_the_silence_after_it_is_not() -> None:
    samples = np.concatenate((synthetic(), noise(3e-4, 4)))
    heard = voices(samples)
    assert min(heard[1:14]) > 1  # every window up to 9.5 s has half an utterance in it
    assert heard[-1] < LEAST_VOICE_S


@pytest.mark.parametrize("gain", [0.02, 0.2, 1])
def test_the_distance_to_the_microphone_does_not_matter(gain: float) -> None:
    assert min(voices(synthetic() * gain)) > LEAST_VOICE_S


def test_a_louder_room_is_learnt_within_seconds() -> None:
    fan = np.concatenate((noise(1e-3), noise(0.05, 12)))
    assert voices(fan)[-1] < LEAST_VOICE_S


def test_an_offset_of_the_card_is_no_energy() -> None:
    assert max(voices(noise(1e-5) + 0.3)) < LEAST_VOICE_S


def test_how_the_stream_was_cut_does_not_matter() -> None:
    samples = synthetic()
    assert voices(samples, 311) == voices(samples, 1600) == voices(samples, 512)


def test_nan_and_clipped_samples_do_no_harm() -> None:
    samples = synthetic() * 9
    samples[::1000] = np.nan
    assert min(voices(samples)[1:14]) > LEAST_VOICE_S


def take(data_dir: Path, number: str, actor: str) -> Sound:
    soundfile = pytest.importorskip("soundfile")
    path = data_dir / "ravdess" / "speech" / f"Actor_{actor}" / f"{number}-{actor}.flac"
    return np.asarray(soundfile.read(path)[0])


@pytest.mark.data
@pytest.mark.parametrize("actor", ["01", "02", "12", "24"])
@pytest.mark.parametrize("emotion", ["01-01", "02-01", "04-01", "05-02"])
def test_a_real_voice_is_heard_however_soft(data_dir: Path, emotion: str, actor: str) -> None:
    clip = take(data_dir, f"03-01-{emotion}-01-01", actor)
    assert min(voices(np.concatenate((clip, np.zeros(RATE_HZ))))) > LEAST_VOICE_S


@pytest.mark.data
@pytest.mark.parametrize("name", ["sc_white_noise", "sc_pink_noise", "sc_running_tap"])
@pytest.mark.parametrize("gain", [1, 10])
def test_real_noise_that_stays_is_no_voice(data_dir: Path, name: str, gain: float) -> None:
    soundfile = pytest.importorskip("soundfile")
    samples = soundfile.read(data_dir / "noise" / f"{name}.flac")[0][: 30 * RATE_HZ]
    heard = np.array(voices(samples * gain))
    assert (heard >= LEAST_VOICE_S).mean() <= 0.02
