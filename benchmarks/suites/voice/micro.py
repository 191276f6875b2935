"""What the voice path does not do: classify a quiet room, and work in the sound card's thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from time import process_time

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring.findings import Finding
from benchmarks.measuring.timing import Measurement, interleave
from benchmarks.plan import Plan, label
from benchmarks.suites.voice import incremental as incremental
from edge.audio.feature_settings import FeatureSettings
from edge.audio.features import Features
from edge.audio.voice_activity import VoiceActivityDetector
from edge.audio.windows import SlidingWindows
from edge.models import Model
from edge.models.classifier import Classifier
from edge.pipeline.events import EventThrottle
from edge.pipeline.smoothing import Smoother
from edge.pipeline.speech import SpeechPipeline
from edge.settings.sections import Settings
from edge.sources.audio import SAMPLE_RATE_HZ
from edge.sources.audio.microphone import Block
from edge.sources.newest_wins import NewestWinsQueue
from edge.types import AudioChunk

_QUIET_S = 12
"""The gate needs its first seconds to know the room."""


class OpenGate(VoiceActivityDetector):
    """Turned off: every window holds a voice."""

    def push(self, samples: NDArray[np.float32]) -> None:
        pass

    def voice_s(self, start: int) -> float:
        return float("inf")


def quiet_room(plan: Plan, model: Model, classifier: Classifier) -> Iterator[Finding]:
    """CPU ms of a second in which nobody speaks, with the gate and without, in turn."""
    noise = np.random.default_rng(plan.seed).normal(0, 0.001, _QUIET_S * SAMPLE_RATE_HZ)
    chunks = [
        AudioChunk(
            part.astype(np.float32), SAMPLE_RATE_HZ, number * incremental.CHUNK / SAMPLE_RATE_HZ
        )
        for number, part in enumerate(np.split(noise, len(noise) // incremental.CHUNK))
    ]
    spent: dict[str, list[float]] = {"gate on": [], "gate off": []}
    for _ in range(plan.times(5, 1)):
        for gate, values in zip((VoiceActivityDetector, OpenGate), spent.values(), strict=True):
            path = _pipeline(model.card.features, classifier, gate)
            started = process_time()
            for _speech_pipeline in path.results(chunks):
                pass
            values.append(1e3 * (process_time() - started) / _QUIET_S)
    for name, values in spent.items():
        row = f"{label(model)}, a second of a quiet room, {name}"
        yield Measurement(row, "ms", tuple(values))


def callback(plan: Plan, model: Model) -> Iterator[Finding]:
    """The sound card's thread hands a block over; what it would take to make features there."""
    block_samples = round(Settings().mic.block_s * SAMPLE_RATE_HZ)
    samples = np.zeros(block_samples, np.float32)
    data = samples.astype(np.int16).tobytes()
    blocks: NewestWinsQueue[Block] = NewestWinsQueue(1000)
    features = Features(model.card.features)
    cases: dict[str, Callable[[], object]] = {
        "a block in the microphone's callback": lambda: blocks.put(Block(data, 0.0, 0, False)),
        "its features, were they made there": partial(features.push, samples),
    }
    timed = interleave(cases, rounds=plan.times(500, 50), warmups=20, seed=plan.seed)
    yield from timed.values()


def _pipeline(
    feature_settings: FeatureSettings, classifier: Classifier, gate: type[VoiceActivityDetector]
) -> SpeechPipeline:
    settings = Settings()
    step = max(
        1,
        round(settings.mic.step_s * feature_settings.sample_rate_hz / feature_settings.hop_length),
    )
    return SpeechPipeline(
        feature_settings,
        SlidingWindows(feature_settings, step),
        gate(feature_settings, settings.mic.gate_db),
        classifier,
        Smoother(settings.smoothing),
        EventThrottle(
            model="voice", modality="speech", started_at=datetime.now(UTC), interval_s=1.0
        ),
    )
