"""Training a speech network on several corpora at once, and judging it on what it never heard.

    OUT/run.json                    what was asked for
    OUT/fold_1 …, without_NAME/     as convert/training/loop.py writes them; short/ is the first
                                    stage's, on shorter windows, which cost less; result.json:
                                    the actors of RAVDESS that it never heard

The test chooses nothing: the last epoch is kept, for `edge-convert corpora` to judge.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from convert.datasets import noise, speech_mixture
from convert.datasets.corpus import RAVDESS, Utterance, fold_mask
from convert.datasets.speech_mixture import Change, Mixture
from convert.training.loop import open_run, run_training
from convert.training.mixture_settings import MixtureSettings, MixtureTest
from convert.training.speech import mix_pairs
from convert.zoo import Architecture
from edge.audio.feature_settings import FeatureSettings
from edge.errors import DataError
from edge.system.outputs import written_whole


class MixtureBatches(keras.utils.PyDataset):  # type: ignore[misc]  # keras is untyped
    """Augmented batches that follow from (seed, epoch, batch) alone; see `draw_weights`."""

    def __init__(
        self, training: Mixture, settings: MixtureSettings, frames: int, epoch: int
    ) -> None:
        super().__init__()
        self._training, self._settings, self._window_frames = training, settings, frames
        self._shares = draw_weights(training, settings)
        smooth, n = settings.label_smoothing, len(training.label_names)
        one_hot = np.eye(n, dtype=np.float32)[training.labels]
        self._targets = (1 - smooth) * one_hot + np.float32(smooth / n)
        self._epoch = epoch

    def __len__(self) -> int:
        return self._settings.windows // self._settings.batch_size

    def __getitem__(self, batch: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        rng = np.random.default_rng((self._settings.seed, self._epoch, batch))
        chosen = rng.choice(len(self._training), self._settings.batch_size, p=self._shares)
        windows = self._settings.augmentation.apply(
            self._training, chosen, self._window_frames, rng
        )
        targets = self._targets[chosen]
        if self._settings.mixup:
            windows, targets = mix_pairs(windows, targets, self._settings.mixup, rng)
        return windows[..., None], targets

    def on_epoch_end(self) -> None:
        self._epoch += 1


def draw_weights(training: Mixture, settings: MixtureSettings) -> NDArray[np.float64]:
    """How likely each clip is drawn: float64 (n,), sum 1.

    Within a corpus all labels are alike, and so are the speakers of a label; a corpus counts as
    its clips, at most `cap` of one speaker and label, times its weight.
    """
    found = np.zeros(len(training))
    speakers = np.array([clip.speaker for clip in training.clips])
    labels, corpora = training.labels, training.corpora
    for corpus in np.unique(corpora):
        of_corpus = np.flatnonzero(corpora == corpus)
        pairs = [f"{speakers[i]} {labels[i]}" for i in of_corpus]
        _, inverse, counts = np.unique(pairs, return_inverse=True, return_counts=True)
        capped = np.minimum(counts, settings.cap)
        each = (capped / counts)[inverse]
        totals = np.bincount(labels[of_corpus], weights=each, minlength=len(training.label_names))
        each = each / totals[labels[of_corpus]]
        weight = capped.sum() * settings.weights.get(str(corpus), 1.0)
        found[of_corpus] = each / each.sum() * weight
    return np.asarray(found / found.sum(), np.float64)


def train(
    architecture: Architecture,
    clips: list[Utterance],
    noise_folder: Path | None,
    out: Path,
    settings: MixtureSettings,
    tests: Mapping[str, MixtureTest],
    *,
    cache: Path | None = None,
    resume: bool = False,
) -> None:
    """Train a network for each of `tests` into a folder of its name.

    Raises UsageError where `out` holds a run already and `resume` is False, or where that run
    was started with another recipe; DataError for a test that leaves nothing to train on.
    """
    masks = {name: mask_of(clips, test) for name, test in tests.items()}
    noises = noise.load(noise_folder, "training") if noise_folder else []
    asked = {
        "network": architecture.name,
        **settings.as_dict(),
        "corpora": sorted({clip.corpus for clip in clips}),
        "noise": [recording.name for recording in noises],
    }
    open_run(out, asked, {}, resume=resume)
    drawn_from = json.dumps([asked[name] for name in ("acoustics", "versions", "seed", "noise")])
    whole = speech_mixture.load(
        clips, settings.features, _versions(settings, noises), drawn_from=drawn_from, cache=cache
    )
    for name, mask in masks.items():
        _train_one(architecture, whole, mask, out / name, settings)


def _versions(settings: MixtureSettings, noises: list[noise.Noise]) -> list[Change]:
    """What makes each further version of a clip: drawn by seed, number and file name."""
    backgrounds = [recording.samples for recording in noises]

    def version(number: int, samples: NDArray[np.float32], clip: Utterance) -> NDArray[np.float32]:
        name = zlib.crc32(clip.path.name.encode())
        rng = np.random.default_rng((settings.seed, number, name))
        rate_hz = settings.features.sample_rate_hz
        return settings.acoustics.apply(samples, rate_hz, backgrounds, rng)

    return [partial(version, number) for number in range(1, settings.versions + 1)]


def mask_of(clips: list[Utterance], test: MixtureTest) -> NDArray[np.bool_]:
    """Which clips a network is tested on. Raises DataError where that is none, or all."""
    if isinstance(test, int):
        mask = fold_mask(clips, test)
    elif isinstance(test, str):
        mask = np.array([clip.corpus == test for clip in clips], np.bool_)
    else:
        speakers = {f"ravdess:{actor:02}" for actor in test}
        mask = np.array([clip.speaker in speakers for clip in clips], np.bool_)
    if not mask.any() or mask.all():
        raise DataError(
            f"the test {test!r} takes {'all' if mask.all() else 'none'} of the clips: give another "
            "one, or more corpora"
        )
    return mask


def _train_one(
    architecture: Architecture,
    whole: Mixture,
    mask: NDArray[np.bool_],
    out: Path,
    settings: MixtureSettings,
) -> None:
    training, test = whole.where(~mask), whole.where(mask)
    one_hot = np.eye(len(test.label_names), dtype=np.float32)[test.labels]
    start = Path(settings.start) if settings.start else None
    rate, whole_frames = settings.learning_rate, settings.features.window_frames
    stages = (
        (out / "short", settings.short_frames, settings.epochs, rate),
        (out, whole_frames, settings.finish_epochs, rate * settings.finish_rate),
    )
    for folder, frames, epochs, learning_rate in stages:
        features = settings.features.model_copy(update={"window_frames": frames})
        folder.mkdir(parents=True, exist_ok=True)
        windows = replace(test, settings=features).images.astype(np.float32)[..., None]
        keras.utils.clear_session()
        run_training(
            partial(_begun, architecture, features, start),
            partial(MixtureBatches, training, settings, frames),
            settings.windows // settings.batch_size,
            (windows / np.float32(255), one_hot),
            folder,
            replace(settings, epochs=epochs, learning_rate=learning_rate),
            choose=False,
        )
        start = folder / "best.keras"
    _write_tested(test.clips, out)


def _write_tested(clips: Sequence[Utterance], out: Path) -> None:
    """Which actors of RAVDESS it never heard, as a fold of RAVDESS alone says it."""
    speakers = {clip.speaker for clip in clips if clip.corpus == RAVDESS}
    actors = sorted(int(speaker.split(":")[1]) for speaker in speakers)
    with written_whole(out / "result.json", own=True) as beside:
        beside.write_text(json.dumps({"name": out.name, "test_actors": actors}, indent=1) + "\n")


def _begun(
    architecture: Architecture, features: FeatureSettings, start: Path | None
) -> keras.Model:
    """A network for windows as `features` says, with the weights in `start`, if any."""
    network = architecture.build(features)
    if start is not None:
        network.set_weights(keras.models.load_model(start, compile=False).get_weights())
    return network
