"""What a second of sound costs, and a window, in several processes: each gets other memory."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring.findings import Doubt, Finding
from benchmarks.measuring.process import watch
from benchmarks.measuring.sampling import MARGIN
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
_PROCESSES, _QUICK_PROCESSES = 6, 2
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
    processes = min(_QUICK_PROCESSES if plan.quick else _PROCESSES, plan.rounds or _PROCESSES)
    rounds = max(1, plan.times(200, 30) // processes)
    sound = str(plan.sound) if plan.sound else ""
    taken: dict[str, list[float]] = {part: [] for part in PARTS}
    for process in range(processes):
        own = [model_argument(model), sound, str(rounds), str(plan.seed + process)]
        command = [sys.executable, "-m", "benchmarks.suites.voice.parts", *own]
        for part, values in json.loads(watch(command).output).items():
            taken[part] += values
    for part, values in taken.items():
        name = f"{label(model)}, {part}"
        per_process = (rounds,) * processes
        found = Measurement(
            name, "ms", tuple(values), processes * _WARMUPS, per_process=per_process
        )
        yield found
        if found.margin > MARGIN:
            yield Doubt(
                f"{name}: the processes differ: the median is known to ±{found.margin:.0%}: stop "
                "other programs, cool the board, or run it where nobody per_process the machine"
            )


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
