"""What a run on several corpora is worth: each of its networks on those that it never heard.

Each network is quantized (int8.tflite in its folder) and judged by the device's classifier, a
window a clip: the loudest. `CONDITIONS` says how the same clips are heard otherwise.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert import zoo
from convert.datasets import noise, speech_mixture
from convert.datasets.corpus import Utterance
from convert.datasets.speech_mixture import Change, Mixture
from convert.evaluation.corpora import CorpusScores, score, with_temperature
from convert.evaluation.speech_models import converted
from convert.predict import predict
from convert.training.mixture_settings import MixtureSettings, MixtureTest, mixture_recipe
from convert.training.speech_mixture import mask_of
from edge.errors import MissingModelError, UsageError
from edge.models import Model

_SEED = 7
_SNRS_DB = (20.0, 10.0, 5.0, 0.0)
_LEVELS_DBFS = (-6.0, -20.0, -40.0)
_OFFSETS = (0.05, 0.1)
_CUTS_S = (1.0, 2.0)


@dataclass(frozen=True, slots=True)
class CorporaVerdict:
    """One network in one condition: its figures by corpus, of float32 and of int8."""

    name: str
    condition: str
    float32: tuple[CorpusScores, ...]
    int8: tuple[CorpusScores, ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "condition": self.condition,
            "float32": [each.as_dict() for each in self.float32],
            "int8": [each.as_dict() for each in self.int8],
        }


def judge_run(
    run: Path,
    clips: list[Utterance],
    noise_folder: Path | None = None,
    *,
    temperature: float = 1.0,
    floor: float = 0.0,
    otherwise: bool = False,
    progress: Callable[[str], None] = lambda done: None,
) -> list[CorporaVerdict]:
    """Judge every network in `run` on the clips that it never heard.

    otherwise: in every condition of `conditions` too, a tenth of the clips of each
    Raises MissingModelError where there is none, ConversionError, MissingDataError.
    """
    trained = sorted(run.glob("*/best.keras"))
    if not trained:
        raise MissingModelError(f"{run} holds no network: train one with edge-convert train")
    settings = mixture_recipe(run, {})
    architecture = zoo.architecture(json.loads((run / "run.json").read_text())["network"])
    whole = speech_mixture.load(clips, settings.features)
    verdicts = []
    for keras_file in trained:
        name = keras_file.parent.name
        mask = mask_of(clips, _test_of(name))
        models = converted(keras_file, architecture, whole.where(~mask))
        found = partial(_judged, name, models, temperature, floor)
        verdicts.append(found("as it is", whole.where(mask)))
        if otherwise:
            few = list(whole.where(mask).clips[::10])
            for condition, change in conditions(noise_folder, settings):
                test = speech_mixture.load(few, settings.features, (change,))
                verdicts.append(found(condition, _second(test)))
        progress(name)
    return verdicts


def _judged(
    name: str,
    models: tuple[Model, Model],
    temperature: float,
    floor: float,
    condition: str,
    test: Mixture,
) -> CorporaVerdict:
    images = test.images
    found = [
        tuple(score(with_temperature(predict(model, images), temperature), test, floor))
        for model in models
    ]
    return CorporaVerdict(name, condition, *found)


def _second(test: Mixture) -> Mixture:
    """The clips' second version in place of the first."""
    return Mixture(test.clips, test.frames, test.starts[:, 1:], test.lengths[:, 1:], test.settings)


def conditions(noise_folder: Path | None, settings: MixtureSettings) -> list[tuple[str, Change]]:
    """How clips are heard otherwise: in noise, at other levels, with an offset, cut short."""
    rate_hz = settings.features.sample_rate_hz
    found: list[tuple[str, Change]] = [("untouched", lambda samples, clip: samples)]
    if noise_folder is not None:
        recordings = noise.load(noise_folder, "test", rate_hz)
        found += [(f"{snr:g} dB SNR", partial(_in_noise, recordings, snr)) for snr in _SNRS_DB]
    found += [(f"{level:g} dBFS", partial(_at_level, level, 0.0)) for level in _LEVELS_DBFS]
    found += [(f"-30 dBFS, offset {o:g}", partial(_at_level, -30.0, o)) for o in _OFFSETS]
    found += [(f"cut to {s:g} s", partial(_cut, round(s * rate_hz))) for s in _CUTS_S]
    return found


def _in_noise(
    recordings: Sequence[noise.Noise], snr_db: float, samples: NDArray[np.float32], clip: Utterance
) -> NDArray[np.float32]:
    rng = np.random.default_rng((_SEED, round(snr_db), zlib.crc32(clip.path.name.encode())))
    recording = recordings[int(rng.integers(len(recordings)))].samples
    return noise.mix(samples, noise.segment(recording, len(samples), rng), snr_db)


def _at_level(
    level_dbfs: float, offset: float, samples: NDArray[np.float32], clip: Utterance
) -> NDArray[np.float32]:
    power = max(float(np.square(samples).mean()), 1e-12)
    played = samples * np.float32(10 ** (level_dbfs / 20) / power**0.5) + np.float32(offset)
    # A sound card's 16 bits.
    return np.asarray(np.rint(played.clip(-1, 1) * 32767) / 32767, np.float32)


def _cut(count: int, samples: NDArray[np.float32], clip: Utterance) -> NDArray[np.float32]:
    """The loudest `count` samples."""
    if len(samples) <= count:
        return samples
    energy = np.concatenate(([0.0], np.square(samples, dtype=np.float64).cumsum()))
    start = int((energy[count:] - energy[:-count]).argmax())
    return samples[start : start + count]


def _test_of(name: str) -> MixtureTest:
    """A run's folder name → what its network never heard. Raises UsageError."""
    kind, _, rest = name.partition("_")
    if kind == "fold" and rest.isdecimal():
        return int(rest)
    if kind == "without" and rest:
        numbers = rest.split("_")
        return tuple(map(int, numbers)) if all(n.isdecimal() for n in numbers) else rest
    raise UsageError(f"{name!r} is no folder of a run: name it fold_N or without_CORPUS")
