"""Training a network on voices: five folds one after another, each judged when it is done.

    OUT/run.json             what was asked for
    OUT/fold_1 … fold_5/     as convert/training/loop.py writes them, and result.json: test figures
    OUT/folds.json           the folds that are done, and their mean

The test of a fold chooses nothing: the last epoch is what is judged and kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from convert import plots
from convert.datasets import noise, ravdess
from convert.datasets import speech_set as voices
from convert.datasets.speech_set import Frames, Voices
from convert.metrics import ClassScores, class_scores
from convert.training.loop import open_run, run_training
from convert.training.speech_settings import SpeechSettings, Test
from convert.zoo import Architecture
from edge.audio.features import extract
from edge.errors import DataError
from edge.system.outputs import written_whole


@dataclass(frozen=True, slots=True, eq=False)
class FoldResult:
    """What a fold's network made of the takes that it was not trained on."""

    name: str
    actors: tuple[int, ...]
    scores: ClassScores

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "test_actors": list(self.actors),
            "test_clips": int(self.scores.confusion.sum()),
            "uar": self.scores.uar,
            "accuracy": self.scores.accuracy,
            "confusion": self.scores.confusion.tolist(),
        }


class Batches(keras.utils.PyDataset):  # type: ignore[misc]  # keras is untyped
    """Augmented batches whose order and noise follow from (seed, epoch, batch) alone.

    A class with half as many takes comes up twice an epoch: recalls count all classes alike.
    """

    def __init__(
        self, training: Voices, noises: Sequence[Frames], settings: SpeechSettings, epoch: int
    ) -> None:
        super().__init__()
        self._frames, self._noises, self._settings = training.frames, noises, settings
        self._features = training.settings
        smooth, n = settings.label_smoothing, len(training.label_names)
        one_hot = np.eye(n, dtype=np.float32)[training.labels]
        self._targets = (1 - smooth) * one_hot + np.float32(smooth / n)
        self._balanced = balanced(training.labels)
        self._epoch = epoch
        self._shuffle()

    def _shuffle(self) -> None:
        rng = np.random.default_rng((self._settings.seed, self._epoch))
        self._order = rng.permutation(self._balanced)

    def __len__(self) -> int:
        return len(self._balanced) // self._settings.batch_size

    def __getitem__(self, batch: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        size = self._settings.batch_size
        index = self._order[batch * size : (batch + 1) * size]
        rng = np.random.default_rng((self._settings.seed, self._epoch, batch))
        clips = [self._frames[i] for i in index]
        spectrograms = self._settings.augmentation.apply(clips, self._noises, self._features, rng)
        targets = self._targets[index]
        if self._settings.mixup:
            spectrograms, targets = mix_pairs(spectrograms, targets, self._settings.mixup, rng)
        return spectrograms[..., None], targets

    def on_epoch_end(self) -> None:
        self._epoch += 1
        self._shuffle()


def balanced(labels: NDArray[np.uint8]) -> NDArray[np.int_]:
    """Positions of the samples, those of rarer classes as often as makes the classes alike."""
    counts = np.bincount(labels)
    times = np.rint(counts.max() / np.maximum(counts, 1)).astype(np.int_)
    return np.repeat(np.arange(len(labels)), times[labels])


def mix_pairs(
    spectrograms: NDArray[np.float32],
    targets: NDArray[np.float32],
    alpha: float,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Each window with a share of another one, and its target alike."""
    n = len(spectrograms)
    share = rng.beta(alpha, alpha, n).astype(np.float32)
    share = np.maximum(share, 1 - share)
    other = rng.permutation(n)
    mixed = share[:, None, None] * spectrograms + (1 - share)[:, None, None] * spectrograms[other]
    return mixed, share[:, None] * targets + (1 - share)[:, None] * targets[other]


def train(
    architecture: Architecture,
    data: Path,
    noise_folder: Path | None,
    out: Path,
    settings: SpeechSettings,
    tests: Mapping[str, Test],
    *,
    resume: bool = False,
) -> list[FoldResult]:
    """Train a network for each of `tests` (see `tests_of`) into a folder of its name.

    Raises UsageError where `out` holds a run already and `resume` is False, or where the run
    to resume was started with another recipe; DataError where the takes fill no batch.
    """
    clips = ravdess.clips(data)
    masks = {name: _mask(clips, test, settings) for name, test in tests.items()}
    recordings = _noises(noise_folder, settings)
    asked = {
        "network": architecture.name,
        **settings.as_dict(),
        "noise": [recording.name for recording in recordings],
    }
    open_run(out, asked, {**SpeechSettings().as_dict(), "noise": []}, resume=resume)
    whole = voices.load(clips, settings.features, settings.augmentation.speeds)
    noises = [extract(recording.samples, settings.features) for recording in recordings]
    results = []
    for name, mask in masks.items():
        results.append(_train_one(architecture, whole, mask, noises, out / name, settings))
        _write_folds(out)
    return results


def _mask(clips: list[ravdess.Clip], test: Test, settings: SpeechSettings) -> NDArray[np.bool_]:
    if isinstance(test, int):
        return ravdess.test_mask(clips, settings.split, test, settings.seed)
    return ravdess.of_actors(clips, test)


def _noises(folder: Path | None, settings: SpeechSettings) -> list[noise.Noise]:
    if folder is None or not settings.augmentation.noise_share:
        return []
    return noise.load(folder, "training", settings.features.sample_rate_hz)


def _train_one(
    architecture: Architecture,
    whole: Voices,
    mask: NDArray[np.bool_],
    noises: list[Frames],
    out: Path,
    settings: SpeechSettings,
) -> FoldResult:
    training, test = whole.where(~mask), whole.where(mask)
    steps = len(balanced(training.labels)) // settings.batch_size
    if not steps:
        raise DataError(
            f"{len(training)} training takes do not fill a batch of {settings.batch_size}: "
            "lower --batch-size"
        )
    out.mkdir(parents=True, exist_ok=True)
    keras.utils.clear_session()
    images = test.images.astype(np.float32)[..., None] / np.float32(255)
    one_hot = np.eye(len(test.label_names), dtype=np.float32)[test.labels]
    history = run_training(
        lambda: architecture.build(settings.features),
        lambda epoch: Batches(training, noises, settings, epoch),
        steps,
        (images, one_hot),
        out,
        settings,
        choose=False,
    )
    plots.history(history, out / "history.png")
    network = keras.models.load_model(out / "best.keras", compile=False)
    answers = network.predict(images, batch_size=64, verbose=0).argmax(axis=1)
    scores = class_scores(test.labels, answers, len(test.label_names))
    actors = tuple(sorted({take.actor for take in test.clips}))
    result = FoldResult(out.name, actors, scores)
    with written_whole(out / "result.json", own=True) as beside:
        beside.write_text(json.dumps(result.as_dict(), indent=1) + "\n")
    title = f"{out.name}, float32: UAR {scores.uar:.3f}"
    plots.confusion(scores.confusion, test.label_names, title, out / "confusion.png", own=True)
    return result


def _write_folds(out: Path) -> None:
    done = [json.loads(path.read_text()) for path in sorted(out.glob("fold_*/result.json"))]
    if not done:
        return
    uars = [result["uar"] for result in done]
    summary = {
        "folds": {result["name"]: result["uar"] for result in done},
        "uar_mean": float(np.mean(uars)),
        "uar_std": float(np.std(uars)),
        "accuracy_mean": float(np.mean([result["accuracy"] for result in done])),
    }
    with written_whole(out / "folds.json", own=True) as beside:
        beside.write_text(json.dumps(summary, indent=1) + "\n")
