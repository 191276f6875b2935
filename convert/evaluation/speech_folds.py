"""What the folds of a run are worth: float and int8, in quiet and in real noise.

Each fold's network is quantized (int8.tflite in the fold's folder) and both are judged on the
speakers that it was not trained on, a window a take: the loudest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert import zoo
from convert.datasets import noise, ravdess
from convert.datasets import speech_set as voices
from convert.datasets.noise import Noise
from convert.datasets.ravdess import Clip
from convert.datasets.speech_set import Voices
from convert.evaluation.compare import Comparison, compare
from convert.evaluation.speech_models import converted
from convert.training import speech_settings as speech_recipe
from edge.errors import MissingModelError

NOISE_SEED = 7


@dataclass(frozen=True, slots=True)
class FoldVerdict:
    """Both networks of one fold; the first comparison is in quiet, one more for each SNR."""

    name: str
    snrs_db: tuple[float, ...]
    comparisons: tuple[Comparison, ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "conditions": [
                {
                    "snr_db": snr_db,
                    "float32_uar": found.float32.uar,
                    "int8_uar": found.int8.uar,
                    "float32_accuracy": found.float32.accuracy,
                    "int8_accuracy": found.int8.accuracy,
                    "agreement": found.agreement,
                    "int8_confusion": found.int8.confusion.tolist(),
                }
                for snr_db, found in zip((None, *self.snrs_db), self.comparisons, strict=True)
            ],
        }


def judge_folds(
    run: Path,
    data: Path,
    noise_folder: Path | None,
    snrs_db: Sequence[float] = noise.SNRS_DB,
    progress: Callable[[str], None] = lambda done: None,
) -> list[FoldVerdict]:
    """Judge every fold in `run` that has a network; `progress` is told each fold's name.

    Raises MissingModelError where there is none, ConversionError, MissingDataError.
    """
    trained = sorted(run.glob("fold_*/best.keras"))
    if not trained:
        raise MissingModelError(f"{run} holds no fold_*/best.keras: train them first")
    settings = speech_recipe.recipe(run, {}, {})
    network = json.loads((run / "run.json").read_text())["network"]
    architecture = speech_recipe.with_features(zoo.architecture(network), settings.features)
    whole = voices.load(ravdess.clips(data), settings.features)
    recordings = (
        noise.load(noise_folder, "test", settings.features.sample_rate_hz) if noise_folder else []
    )
    levels = tuple(snrs_db) if recordings else ()
    verdicts = []
    for keras_file in trained:
        name = keras_file.parent.name
        number = int(name.removeprefix("fold_"))
        mask = ravdess.test_mask(whole.clips, settings.split, number, settings.seed)
        models = converted(keras_file, architecture, whole.where(~mask))
        noisy_parts = (_in_noise(whole.where(mask), recordings, snr_db) for snr_db in levels)
        comparisons = [compare(*models, test)[0] for test in (whole.where(mask), *noisy_parts)]
        verdicts.append(FoldVerdict(name, levels, tuple(comparisons)))
        progress(name)
    return verdicts


def split_of(run: Path) -> str:
    """What the folds were split by: "speaker" or "random"."""
    return speech_recipe.recipe(run, {}, {}).split


def _in_noise(test: Voices, recordings: Sequence[Noise], snr_db: float) -> Voices:
    """The same takes with a stretch of one of the recordings on each, the same every time."""

    def add(samples: NDArray[np.float32], number: int) -> NDArray[np.float32]:
        rng = np.random.default_rng((NOISE_SEED, round(snr_db), _code(test.clips[number])))
        recording = recordings[int(rng.integers(len(recordings)))].samples
        return noise.mix(samples, noise.segment(recording, len(samples), rng), snr_db)

    return voices.load(test.clips, test.settings, change=add)


def _code(take: Clip) -> int:
    """A number that no other take has, whatever fold it is in."""
    return int(take.path.stem.replace("-", ""))


def lines(verdicts: Sequence[FoldVerdict]) -> Iterator[str]:
    """The figures for a person: unweighted average recall, float32 / int8."""
    snrs_db = verdicts[0].snrs_db
    yield "UAR, float32 / int8"
    heads = ["quiet", *(f"{snr_db:g} dB" for snr_db in snrs_db)]
    yield f"{'fold':<10}" + "".join(f"{head:<18}" for head in heads) + "agree in quiet"
    for verdict in verdicts:
        cells = [f"{found.float32.uar:.4f} / {found.int8.uar:.4f}" for found in verdict.comparisons]
        row = "".join(f"{cell:<18}" for cell in cells)
        yield f"{verdict.name:<10}{row}{verdict.comparisons[0].agreement:.4f}"
    columns = list(zip(*(verdict.comparisons for verdict in verdicts), strict=True))
    means = [
        (np.mean([f.float32.uar for f in column]), np.mean([f.int8.uar for f in column]))
        for column in columns
    ]
    yield f"{'mean':<10}" + "".join(f"{f'{one:.4f} / {other:.4f}':<18}" for one, other in means)
