"""Sound through the whole voice path: where a second of it goes, and what is not done twice."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring.findings import Finding, Remark
from benchmarks.measuring.process import watch
from benchmarks.measuring.timing import Measurement, ratio
from benchmarks.plan import Plan, label, model_argument
from benchmarks.suites.latency.operators import by_operator
from benchmarks.suites.voice import incremental as incremental
from benchmarks.suites.voice import micro as voice_parts
from benchmarks.suites.voice import parts
from edge.audio.feature_settings import FeatureSettings
from edge.models import Model
from edge.models.classifier import Classifier
from edge.pipeline.speech import SpeechPipeline, build_speech_pipeline
from edge.settings.sections import Settings
from edge.sources.audio import SAMPLE_RATE_HZ
from edge.types import AudioChunk

# Four seconds: the first window of sound is classified after three.
_FRAMES = 120


def measure(plan: Plan) -> Iterator[Finding]:
    """Per model: its parts, a clip through all of them; then what a microphone adds to a run."""
    models = plan.speech_models()
    sound = parts.sound_of(str(plan.sound) if plan.sound else None)
    for number, model in enumerate(models):
        with Classifier(model) as classifier:
            yield from parts.measure(plan, model)
            yield from _saved(plan, model)
            yield from _whole(model, classifier, sound)
            yield from voice_parts.quiet_room(plan, model, classifier)
        yield from by_operator(plan, model)
        plan.progress(number + 1, len(models) + 1)
    yield from voice_parts.callback(plan, models[0])
    yield from _memory(plan, models[0])
    plan.progress(len(models) + 1, len(models) + 1)
    yield Remark(
        "one thread; the parts are drawn over several processes; sound comes "
        "in chunks of 0.1 s and is "
        f"{plan.sound.name if plan.sound else 'the synthetic voice'}, "
        f"{len(sound) / SAMPLE_RATE_HZ:.1f} s"
    )


def _saved(plan: Plan, model: Model) -> Iterator[Finding]:
    """The new frames of a step, against all of its window's frames computed again."""
    taken = incremental.measured(model_argument(model), rounds=plan.times(200, 50), seed=plan.seed)
    names = ("what is new", "the window anew")
    kept, again = (
        Measurement(f"{label(model)}, CPU of a step's features, {name}", "ms", tuple(values), 10)
        for name, values in zip(names, taken, strict=True)
    )
    yield from (kept, again, ratio(kept, again, seed=plan.seed))


def _whole(model: Model, classifier: Classifier, sound: NDArray[np.float32]) -> Iterator[Finding]:
    """Each stage's share of a second of sound, and how much was not classified at all."""
    path = _pipeline(model.card.features, classifier, model.card.name)
    cpu = process_time()
    speech_results = list(path.results(_chunks(sound)))
    cpu = process_time() - cpu
    sound_s = path.times.sound_s
    for stage, spent_s in path.times.seconds.items():
        yield Measurement(
            f"{label(model)}, {stage}/ms per s of sound", "", (1e3 * spent_s / sound_s,)
        )
    yield Measurement(f"{label(model)}, whole/CPU s per s of sound", "", (cpu / sound_s,))
    silent = sum(speech_result.state is None for speech_result in speech_results)
    yield Measurement(f"{label(model)}, windows", "", (len(speech_results),))
    yield Measurement(f"{label(model)}, windows without a voice, not classified", "", (silent,))


def _pipeline(
    feature_settings: FeatureSettings, classifier: Classifier, name: str
) -> SpeechPipeline:
    return build_speech_pipeline(
        Settings(), feature_settings, classifier, datetime.now(UTC), model_name=name
    )


def _chunks(sound: NDArray[np.float32]) -> Iterator[AudioChunk]:
    for start in range(0, len(sound), incremental.CHUNK):
        yield AudioChunk(
            sound[start : start + incremental.CHUNK], SAMPLE_RATE_HZ, start / SAMPLE_RATE_HZ
        )


def _memory(plan: Plan, model: Model) -> Iterator[Finding]:
    """Peak resident memory of a run on the synthetic clip, deaf and hearing."""
    peaks: dict[str, list[float]] = {"none": [], "synthetic": []}
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "edge.toml"
        config.write_text(f'[model]\nspeech = "{model_argument(model)}"\nfusion = "none"\n')
        for _ in range(plan.starts(3, 1)):
            for mic, found in peaks.items():
                command = [
                    *plan.edge, "run", "--config", str(config), "--log", "none", "--output",
                    "none", "--camera", "synthetic", "--mic", mic, "--frames", str(_FRAMES),
                ]  # fmt: skip  # one command line
                found.append(watch(command).peak_rss_bytes / 1e6)
    for mic, found in peaks.items():
        yield Measurement(f"edge run --mic {mic}", "MB", tuple(found))
    without, with_sound = (float(np.median(found)) for found in peaks.values())
    yield Measurement("edge run, what hearing adds", "MB", (with_sound - without,))
    yield Remark("hearing adds features and network; PyAudio comes on top with a device")
