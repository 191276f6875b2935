"""Sound in, hearings and events out: with made-up sound and a stand-in network."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from edge.audio.feature_settings import FeatureSettings
from edge.errors import UsageError
from edge.pipeline.speech import SpeechPipeline, SpeechResult, build_speech_pipeline
from edge.settings.sections import MicSettings, Settings, SmoothingSettings
from edge.sources.audio import open_sound
from edge.sources.audio.synthetic import SyntheticSoundSource
from edge.types import AudioChunk, Prediction

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
FEATURES = FeatureSettings()
RATE_HZ = FEATURES.sample_rate_hz
LABELS = ("calm", "angry")


class Always:
    """Stands in for a network: says the same of everything, and keeps what it was shown."""

    def __init__(self, angry: float = 0.9) -> None:
        self.angry = angry
        self.seen: list[np.ndarray] = []

    def classify(self, image: np.ndarray) -> Prediction:
        self.seen.append(image)
        return Prediction(LABELS, np.array([1 - self.angry, self.angry], np.float32))


def pipeline(classifier: Always | None = None) -> SpeechPipeline:
    settings = Settings(smoothing=SmoothingSettings(time_constant_s=0, floor=0.5))
    return build_speech_pipeline(
        settings, FEATURES, classifier or Always(), NOON, model_name="stand-in"
    )


def chunks(samples: np.ndarray, *, at_s: float = 0.0, size: int = 1600) -> Iterator[AudioChunk]:
    for start in range(0, len(samples), size):
        piece = samples[start : start + size].astype(np.float32)
        yield AudioChunk(piece, RATE_HZ, at_s + start / RATE_HZ)


@cache
def utterance() -> np.ndarray:
    """With its pauses, five seconds."""
    with SyntheticSoundSource("", MicSettings()) as source:
        samples = np.concatenate([chunk.samples for chunk in source])
    return samples[: 5 * RATE_HZ]


def voice(seconds: float) -> np.ndarray:
    """An utterance and its pauses, over and over."""
    return np.resize(utterance(), round(seconds * RATE_HZ))


def hush(seconds: float) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 3e-4, round(seconds * RATE_HZ))


def test_a_window_is_heard_every_half_second_and_knows_its_time() -> None:
    speech_results = list(pipeline().results(chunks(voice(6), at_s=100)))
    ends = [speech_result.end_s for speech_result in speech_results]
    assert ends[0] == pytest.approx(100 + FEATURES.window_s)
    assert np.diff(ends) == pytest.approx(0.5)
    assert [h.end_s - h.start_s for h in speech_results] == pytest.approx(
        [FEATURES.window_s] * len(speech_results)
    )


def test_the_network_sees_one_picture_of_its_own_size_per_voiced_window() -> None:
    network = Always()
    speech_results = list(pipeline(network).results(chunks(voice(6))))
    assert (
        len(network.seen)
        == sum(speech_result.state is not None for speech_result in speech_results)
        > 0
    )
    assert {image.shape for image in network.seen} == {(FEATURES.window_frames, FEATURES.columns)}
    assert {image.dtype.name for image in network.seen} == {"uint8"}


def test_an_event_says_when_and_what_and_that_it_was_heard() -> None:
    first, *_ = pipeline().results(chunks(voice(4)))
    [event] = first.events
    assert (event.modality, event.track_id, event.face) == ("speech", 0, None)
    assert (event.label, event.model) == ("angry", "stand-in")
    assert event.scores == pytest.approx({"calm": 0.1, "angry": 0.9})
    assert event.time == NOON + timedelta(seconds=first.end_s)


def test_a_label_that_stays_is_reported_once_a_second() -> None:
    speech_results = list(pipeline().results(chunks(voice(8))))
    assert [len(speech_result.events) for speech_result in speech_results[:6]] == [1, 0, 1, 0, 1, 0]


@pytest.mark.parametrize("quiet", [hush(8), np.zeros(8 * RATE_HZ)], ids=["room", "zeros"])
def test_silence_is_no_emotion(quiet: np.ndarray) -> None:
    network = Always()
    speech_results = list(pipeline(network).results(chunks(quiet)))
    assert len(speech_results) == 10
    assert all(
        speech_result.state is None and not speech_result.events for speech_result in speech_results
    )
    assert network.seen == []


def test_who_speaks_again_after_silence_is_reported_at_once() -> None:
    sound = np.concatenate((voice(5), hush(7), voice(5)))
    speech_results = list(pipeline().results(chunks(sound)))
    spoken = [speech_result.state is not None for speech_result in speech_results]
    again = spoken.index(True, spoken.index(False))
    assert speech_results[again].state is not None
    assert speech_results[again].state.changed
    assert len(speech_results[again].events) == 1


def test_a_gap_in_the_sound_begins_anew() -> None:
    def torn() -> Iterator[AudioChunk]:
        yield from chunks(voice(2.9))
        yield from chunks(voice(2.9), at_s=60)
        yield from chunks(voice(0.3), at_s=62.9)

    speech_results = list(pipeline().results(torn()))
    assert [speech_result.start_s for speech_result in speech_results] == pytest.approx([60.0])


def test_a_clock_that_is_drawn_along_is_no_gap() -> None:
    drawn = [
        AudioChunk(chunk.samples, RATE_HZ, chunk.timestamp_s * 1.01) for chunk in chunks(voice(6))
    ]
    assert len(list(pipeline().results(drawn))) == len(list(pipeline().results(chunks(voice(6)))))


def test_a_clip_shorter_than_a_window_is_one_hearing() -> None:
    [speech_result] = pipeline().results(chunks(voice(10)[RATE_HZ : 3 * RATE_HZ]))
    assert speech_result.state is not None
    assert speech_result.start_s == pytest.approx(0)


@pytest.mark.parametrize("samples", [[], [0.1] * 100], ids=["nothing", "a click"])
def test_less_than_an_utterance_is_nothing(samples: list[float]) -> None:
    assert list(pipeline().results(chunks(np.array(samples)))) == []


@pytest.mark.parametrize("size", [333, 4001, 10**6])
def test_the_chunks_lengths_do_not_matter(size: int) -> None:
    sound = voice(4)
    network, other = Always(), Always()
    found = list(pipeline(network).results(chunks(sound, size=size)))
    usual = list(pipeline(other).results(chunks(sound)))
    assert np.array_equal(network.seen, other.seen)

    def facts(speech_results: list[SpeechResult]) -> list[float]:
        return [value for each in speech_results for value in (each.end_s, each.voice_s)]

    assert facts(found) == pytest.approx(facts(usual))


def test_another_rate_is_refused_with_both_named() -> None:
    odd = [AudioChunk(np.zeros(800, np.float32), 8_000, 0.0)]
    with pytest.raises(UsageError, match=r"16000 Hz.*8000 Hz"):
        list(pipeline().results(odd))


@pytest.mark.data
def test_a_real_take_is_heard_to_its_end(data_dir: Path) -> None:
    pytest.importorskip("soundfile")
    path = data_dir / "ravdess" / "speech" / "Actor_01" / "03-01-05-02-01-01-01.flac"
    source = open_sound(str(path), MicSettings())
    assert source is not None
    with source:
        speech_results = list(pipeline().results(source))
    assert len(speech_results) == 3
    assert all(speech_result.state is not None for speech_result in speech_results)
