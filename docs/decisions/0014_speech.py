"""The shipped voice network on corpora that it never heard, and four scalings of the features.

    python docs/decisions/0014_speech.py DATA

DATA holds voices/ and ravdess/speech. The scalings are compared by a linear classifier on
percentiles and changes of the bands, trained on all corpora but one and tested on that one.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from convert.datasets import corpus, ravdess, speech_mixture
from convert.evaluation.corpora import lines, score
from convert.metrics import class_scores
from convert.predict import predict
from edge.audio.feature_settings import FeatureSettings
from edge.audio.mel import dct
from edge.models import find

TOP_DB, LOUD_DB = 80.0, 25.0
SETTINGS = FeatureSettings()
WEIGHTS = {"ased": 0.4, "emospeech": 0.4}
TESTED = [f"ravdess:{actor:02}" for actor in (5, 6, 11, 12, 21, 22, 23, 24)]
BASIS = dct(64, 24)


def scaled(bands: np.ndarray, loud: np.ndarray, way: str) -> np.ndarray:
    """Bands in dB (n, 64) → as `way` says; loud: bool (n,)"""
    below = np.maximum(bands - bands.max(), -TOP_DB)
    mean = below[loud].mean(axis=0)
    if way == "peak":
        return 1 + below / TOP_DB
    if way == "half":
        return (0.6 + (below - (mean.mean() + mean) / 2) / TOP_DB).clip(0, 1)
    if way == "bands":
        return (0.6 + (below - mean) / TOP_DB).clip(0, 1)
    spread = np.maximum(below.std(axis=0), 1)
    return (0.5 + (below - below.mean(axis=0)) / spread / 6).clip(0, 1)


def summary(frames: np.ndarray, way: str) -> np.ndarray:
    """A clip's frames (n, 65) → percentiles, spread and changes of its loud frames: (148,)."""
    start = speech_mixture.loudest(frames[:, 64], SETTINGS.window_frames)
    window = frames[start : start + SETTINGS.window_frames]
    energy = window[:, 64]
    loud = energy > energy.max() - LOUD_DB
    shown = scaled(window[:, :64], loud, way)[loud]
    if len(shown) < 12:
        shown = np.resize(shown, (12, 64))
    rows = [
        *np.percentile(shown, [10, 50, 90], axis=0), shown.std(axis=0),
        np.abs(np.diff(shown, axis=0)).mean(axis=0),
        np.abs(shown[5:] - shown[:-5]).mean(axis=0),
    ]  # fmt: skip  # one list of rows
    contour = (energy - energy.max()).clip(-50)
    rest = [
        loud.mean(), contour[loud].std() / 20, np.abs(np.diff(contour)).mean() / 5,
        len(shown) / 300,
    ]  # fmt: skip
    return np.concatenate([*(row @ BASIS for row in rows), rest])


def linear(data: np.ndarray, whole: speech_mixture.Mixture, tested: np.ndarray) -> float:
    """Average recall on `tested` of a linear classifier that learned from the others."""
    import keras

    keras.utils.set_random_seed(7)
    labels = np.where(whole.labels == 1, 0, whole.labels)  # calm counts as neutral
    mean, spread = data[~tested].mean(axis=0), data[~tested].std(axis=0) + 1e-9
    data = ((data - mean) / spread).astype(np.float32)
    counts = np.bincount(labels[~tested], minlength=8)
    weights = np.array([WEIGHTS.get(name, 1.0) for name in whole.corpora[~tested]])
    weights = weights / counts[labels[~tested]]
    model = keras.Sequential(
        [
            keras.layers.Dense(
                8, activation="softmax", kernel_regularizer=keras.regularizers.L2(1e-3)
            )
        ]
    )
    model.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy")
    model.fit(
        data[~tested], labels[~tested], 256, 30, 0,
        sample_weight=weights / weights.mean(),
    )  # fmt: skip
    own = sorted(set(labels[tested]))
    scores = model.predict(data[tested], verbose=0)
    answers = np.array(own)[scores[:, own].argmax(axis=1)]
    return class_scores(labels[tested].astype(np.uint8), answers, 8).uar


def main(data: Path) -> None:
    clips = corpus.of_ravdess(ravdess.clips(data / "ravdess" / "speech"))
    for name in ("emovo", "nemo", "tess", "ased", "emospeech"):
        clips += corpus.read(data / "voices" / name / f"{name}.csv")
    whole = speech_mixture.load(clips, SETTINGS)
    unheard = np.array([c.corpus != "ravdess" or c.speaker == "ravdess:01" for c in clips])
    test = whole.where(unheard)
    print("\n".join(lines(score(predict(find("audio_crnn"), test.images), test))), flush=True)
    speakers = np.array([clip.speaker for clip in clips])
    tests = [whole.corpora == name for name in ("emovo", "nemo", "tess", "ased")]
    tests.append(np.isin(speakers, TESTED))
    places = list(zip(whole.starts[:, 0], whole.lengths[:, 0], strict=True))
    for way in ("peak", "half", "bands", "mean and variance"):
        rows = np.stack(
            [summary(whole.frames[s : s + n].astype(np.float32), way) for s, n in places]
        )
        print(f"{way:<18}", *(f"{linear(rows, whole, tested):.3f}" for tested in tests), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
