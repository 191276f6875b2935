"""What a second of sound costs, and a window, in several processes: each gets other memory."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring.findings import Finding
from benchmarks.measuring.repeated import differing, in_process
from benchmarks.measuring.timing import Measurement, interleave
from benchmarks.plan import Plan, label, model_argument
from benchmarks.suites.voice import incremental as incremental
from edge.audio.features import Features, extract
from edge.audio.voice_activity import VoiceActivityDetector
from edge.audio.windows import spectrogram
from edge.models import Model, find
from edge.models.classifier import Classifier
from edge.settings.sections import Settings
from edge.sources.audio import SAMPLE_RATE_HZ, open_sound

PARTS = ("features of 1 s", "gate of 1 s", "image of a window", "inference of a window")
_WARMUPS = 10


def sound_of(path: str | None) -> NDArray[np.float32]:
    """All of a file, or of the synthetic voice: float32 (n,) at 16 kHz, four seconds or more."""
    source = open_sound(path or "synthetic", Settings().mic)
    assert source is not None  # only "none" is None
    with source:
        whole = np.concatenate([chunk.samples for chunk in source])
    return np.resize(whole, max(len(whole), 4 * SAMPLE_RATE_HZ))


def measure(plan: Plan, model: Model) -> Iterator[Finding]:
    """The parts, each process's rounds after the other's. Raises EdgeError."""
    count = plan.processes()
    rounds = max(1, plan.times(200, 30) // count)
    sound = str(plan.sound) if plan.sound else ""
    taken: dict[str, list[float]] = {part: [] for part in PARTS}
    for process in range(count):
        own = (model_argument(model), sound, str(rounds), str(plan.seed + process))
        for part, values in in_process(__name__, *own).items():
            taken[part] += values
    found = [
        Measurement(f"{label(model)}, {part}", "ms", tuple(values), count * _WARMUPS,
                    per_process=(rounds,) * count)
        for part, values in taken.items()
    ]  # fmt: skip
    yield from found
    yield from differing(found)


def gated(gate: VoiceActivityDetector, samples: NDArray[np.float32]) -> None:
    for start in range(0, len(samples), incremental.CHUNK):
        gate.push(samples[start : start + incremental.CHUNK])


def _timed(model: Model, sound: NDArray[np.float32], rounds: int, seed: int) -> dict[str, object]:
    """Values in ms by part, interleaved."""
    settings = model.card.features
    second = sound[:SAMPLE_RATE_HZ]
    frames = extract(sound, settings)[: settings.window_frames]
    gate = VoiceActivityDetector(settings, Settings().mic.gate_db)
    image = spectrogram(frames, settings)
    with Classifier(model) as classifier:
        calls: tuple[Callable[[], object], ...] = (
            partial(incremental.push, Features(settings), second),
            partial(gated, gate, second),
            partial(spectrogram, frames, settings),
            partial(classifier.classify, image),
        )
        cases = dict(zip(PARTS, calls, strict=True))
        timed = interleave(cases, rounds=rounds, warmups=_WARMUPS, seed=seed)
    return {part: measurement.values for part, measurement in timed.items()}


if __name__ == "__main__":
    name, path, count, first_seed = sys.argv[1:]
    whole = sound_of(str(Path(path)) if path else None)
    print(json.dumps(_timed(find(name), whole, int(count), int(first_seed))))
