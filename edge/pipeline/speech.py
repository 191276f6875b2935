"""Chunks of sound in, results and events out: generators, no threads, no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.audio.detectors import VoiceDetector, voice_detector
from edge.audio.feature_settings import FeatureSettings
from edge.audio.features import Features
from edge.audio.windows import LEAST_CLIP_S, SlidingWindows, Window
from edge.errors import UsageError
from edge.models.card import DEFAULT_FLOOR
from edge.pipeline.events import EventThrottle
from edge.pipeline.smoothing import Smoother
from edge.pipeline.stages import StageTimer
from edge.pipeline.track import State, Track
from edge.settings.sections import Settings
from edge.types import AudioChunk, EmotionEvent, Origin, Prediction

GAP_S = 0.1
"""A leap of the chunks' time beyond this means that sound was lost."""
LEAST_VOICE_S = 0.3
"""A window with less voice than this is silence."""


class SpeechClassifier(Protocol):
    def classify(self, image: NDArray[np.uint8], /) -> Prediction:
        """image: uint8 (window_frames, columns)"""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class SpeechResult:
    """One window of sound: when, how much voice was in it, and what it said.

    start_s, end_s:    on the source's clock
    voice_s:           seconds of it in which somebody spoke
    state, prediction: None where it was taken for silence, and so not classified
    events:            those that are due
    """

    start_s: float
    end_s: float
    voice_s: float
    state: State | None
    prediction: Prediction | None
    events: tuple[EmotionEvent, ...]


class SpeechTimes(StageTimer):
    """Over `sound_s` seconds of sound."""

    def __init__(self) -> None:
        super().__init__("gate", "features", "windows", "inference", "smoothing")
        self.sound_s = 0.0


class SpeechPipeline:
    """features → windows → gate → classify → smooth → report, chunk by chunk.

    Silence ends an utterance: what was smoothed and reported before it is forgotten. `times`
    adds up what each stage takes, for the benchmark.
    """

    _samples_received: int
    """Samples since the last gap."""
    _windows_received: int
    _speaker: Track
    """The one track: who speaks is not told apart."""
    _end_s: float
    """When the newest of them was heard."""

    def __init__(
        self,
        settings: FeatureSettings,
        windows: SlidingWindows,
        gate: VoiceDetector,
        classifier: SpeechClassifier,
        smoother: Smoother,
        throttle: EventThrottle,
        clip: str = "",
    ) -> None:
        self.times = SpeechTimes()
        self._window_index = -1
        self._clip = clip
        self._settings = settings
        self._features = Features(settings)
        self._windows = windows
        self._gate = gate
        self._classifier = classifier
        self._smoother = smoother
        self._throttle = throttle
        self._reset()

    def results(self, chunks: Iterable[AudioChunk]) -> Iterator[SpeechResult]:
        """One for every window, in order, each made when it is asked for.

        A stream that ends before its first window is heard as one, filled up with silence.
        Raises UsageError where a chunk is not at the model's sample rate.
        """
        for chunk in chunks:
            yield from self._hear(chunk)
        yield from self._rest()

    def _hear(self, chunk: AudioChunk) -> Iterator[SpeechResult]:
        if chunk.sample_rate_hz != self._settings.sample_rate_hz:
            raise UsageError(
                f"the model hears {self._settings.sample_rate_hz} Hz and the sound has "
                f"{chunk.sample_rate_hz} Hz: resample it"
            )
        if self._samples_received and abs(chunk.timestamp_s - self._end_s) > GAP_S:
            self._reset()
        self._samples_received += len(chunk.samples)
        self._end_s = chunk.timestamp_s + len(chunk.samples) / chunk.sample_rate_hz
        for window in self._cut(chunk):
            self._windows_received += 1
            self._window_index += 1
            yield self._classified(window)

    def _cut(self, chunk: AudioChunk) -> list[Window]:
        times = self.times
        times.start()
        self._gate.push(chunk.samples)
        times.lap("gate")
        frames = self._features.push(chunk.samples)
        times.lap("features")
        windows = self._windows.push(frames)
        times.lap("windows")
        times.sound_s += len(chunk.samples) / chunk.sample_rate_hz
        return windows

    def _rest(self) -> Iterator[SpeechResult]:
        rate_hz = self._settings.sample_rate_hz
        if self._windows_received or self._samples_received < LEAST_CLIP_S * rate_hz:
            return
        silence = np.zeros(
            round(self._settings.window_s * rate_hz) - self._samples_received, np.float32
        )
        yield from self._hear(AudioChunk(silence, rate_hz, self._end_s))

    def _classified(self, window: Window) -> SpeechResult:
        settings = self._settings
        # From the newest sample back: a card's clock and ours drift apart over hours.
        after = self._samples_received - window.start * settings.hop_length
        start_s = self._end_s - after / settings.sample_rate_hz
        end_s = start_s + settings.window_s
        voice_s = self._gate.voice_s(window.start)
        if voice_s < LEAST_VOICE_S:
            self._speaker = Track()
            return SpeechResult(start_s, end_s, voice_s, None, None, ())
        self.times.start()
        prediction = self._classifier.classify(window.spectrogram)
        self.times.lap("inference")
        state = self._smoother.update(self._speaker, prediction, end_s)
        origin = Origin(self._clip, self._window_index, end_s if self._clip else None)
        event = self._throttle.report(self._speaker, state, prediction.labels, end_s, origin=origin)
        self.times.lap("smoothing")
        return SpeechResult(start_s, end_s, voice_s, state, prediction, (event,) if event else ())

    def _reset(self) -> None:
        """Start over with the next chunk; who spoke before a gap may be somebody else."""
        self._features.reset()
        self._windows.reset()
        self._gate.reset()
        self._speaker = Track()
        self._samples_received = self._windows_received = 0
        self._end_s = 0.0


def build_speech_pipeline(
    settings: Settings,
    features: FeatureSettings,
    classifier: SpeechClassifier,
    started_at: datetime,
    *,
    model_name: str,
    floor: float = DEFAULT_FLOOR,
    clip: str = "",
) -> SpeechPipeline:
    """The pipeline that the settings describe.

    clip:       the file that is heard, "" where the sound is live
    features:   the model card's: what the model was trained to hear
    started_at: UTC, aware: when the source's clock was at 0
    floor: the model's own, for where the settings leave it to the model
    """
    step = max(1, round(settings.mic.step_s * features.sample_rate_hz / features.hop_length))
    return SpeechPipeline(
        features,
        SlidingWindows(features, step),
        voice_detector(settings.mic.voice_detector, features, settings.mic.gate_db),
        classifier,
        Smoother(settings.smoothing, floor),
        EventThrottle(
            model=model_name,
            modality="speech",
            started_at=started_at,
            interval_s=settings.smoothing.event_interval_s,
        ),
        clip,
    )
