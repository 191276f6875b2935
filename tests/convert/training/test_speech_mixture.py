"""Training on several corpora: shares, versions and their cache, and a whole tiny run judged."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from convert.datasets.corpus import Utterance
from edge.audio.feature_settings import FeatureSettings
from edge.errors import DataError, UsageError

pytest.importorskip("keras")
soundfile = pytest.importorskip("soundfile")
pytest.importorskip("soxr")
pytestmark = [pytest.mark.keras, pytest.mark.timeout(900)]

FEATURES = FeatureSettings(window_frames=32, n_mels=16, n_mfcc=8)


def corpora(folder: Path) -> list[Utterance]:
    """Two corpora of four speakers, whose two labels are a low and a high tone."""
    rng = np.random.default_rng(5)
    clips = []
    time_s = np.arange(8_000) / 16_000
    for name in ("one", "two"):
        for speaker in range(4):
            for label, hz in ((2, 300), (3, 2_000)):
                for take in range(2):
                    path = folder / f"{name}_{speaker}_{label}_{take}.wav"
                    tone = 0.3 * np.sin(2 * np.pi * hz * rng.uniform(0.9, 1.1) * time_s)
                    soundfile.write(path, tone + rng.normal(0, 0.01, 8_000), 16_000)
                    clips.append(Utterance(path, name, f"{name}:{speaker}", label, "xx"))
    return clips


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Utterance]:
    return corpora(tmp_path_factory.mktemp("corpora"))


def settings(**changes: object):  # type: ignore[no-untyped-def]  # its module loads the stack
    from convert.training.mixture_settings import MixtureSettings

    asked = {
        "features": FEATURES, "short_frames": 32, "windows": 32, "batch_size": 16, "epochs": 3,
        "finish_epochs": 2, "versions": 1, "precision": "float32", "learning_rate": 0.01,
    }  # fmt: skip  # names and values
    return MixtureSettings(**{**asked, **changes})


def network():  # type: ignore[no-untyped-def]  # keras is untyped
    from keras import Input, Model, layers

    from convert.datasets.ravdess import LABELS
    from convert.zoo import Architecture

    def build(features: FeatureSettings = FEATURES) -> Model:
        picture = Input((features.window_frames, features.columns, 1), name="image")
        x = layers.Conv2D(8, 3, padding="same", activation="relu")(picture)
        x = layers.GlobalAveragePooling2D()(x)
        scores = layers.Dense(8, activation="softmax", dtype="float32", name="scores")(x)
        return Model(picture, scores, name="tiny")

    return Architecture("tiny", "the tests", "speech", LABELS, (32, 16, 1), 0, 0, 7, build)


def test_draw_weights_are_alike_by_label_and_capped_by_speaker(clips: list[Utterance]) -> None:
    from convert.datasets import speech_mixture
    from convert.training.speech_mixture import draw_weights

    chosen = [clip for clip in clips if clip.corpus == "one" or clip.speaker == "two:0"]
    whole = speech_mixture.load(chosen, FEATURES)
    found = draw_weights(whole, settings(cap=1, weights={"two": 0.5}))
    assert found.sum() == pytest.approx(1)
    of_two = whole.corpora == "two"
    assert found[of_two].sum() / found[~of_two].sum() == pytest.approx(0.5 * 2 / 8)
    for label in (2, 3):
        assert found[~of_two & (whole.labels == label)].sum() == pytest.approx(0.5 / (1 + 0.125))


def test_frames_are_taken_from_a_cache_only_where_they_are_of_the_same(
    clips: list[Utterance], tmp_path: Path
) -> None:
    from convert.datasets import speech_mixture

    def louder(samples: np.ndarray, clip: Utterance) -> np.ndarray:
        return np.asarray(2 * samples, np.float32)

    cache = tmp_path / "frames.npz"
    made = speech_mixture.load(clips, FEATURES, [louder], drawn_from="louder", cache=cache)
    kept = speech_mixture.load(clips, FEATURES, drawn_from="louder", cache=cache)
    np.testing.assert_array_equal(made.frames, kept.frames)
    np.testing.assert_array_equal(made.starts, kept.starts)
    assert made.starts.shape == (len(clips), 2)
    gained = made.frames[made.starts[0, 1], 16] - made.frames[made.starts[0, 0], 16]
    assert gained == pytest.approx(6.02, abs=0.1)
    with pytest.raises(DataError, match="other clips or settings"):
        speech_mixture.load(clips[1:], FEATURES, drawn_from="louder", cache=cache)
    cache.write_bytes(b"no zip")
    with pytest.raises(DataError, match="no cache of frames"):
        speech_mixture.load(clips, FEATURES, drawn_from="louder", cache=cache)


def test_a_run_leaves_a_corpus_out_and_is_judged_on_it(
    clips: list[Utterance], tmp_path: Path
) -> None:
    from convert.training import speech_mixture
    from convert.training.mixture_settings import mixture_recipe, mixture_tests

    tests = mixture_tests("all", "", "two")
    speech_mixture.train(network(), clips, None, tmp_path, settings(), tests)
    assert (tmp_path / "without_two" / "best.keras").exists()
    assert mixture_recipe(tmp_path, {}) == settings()
    with pytest.raises(UsageError, match="add --resume"):
        speech_mixture.train(network(), clips, None, tmp_path, settings(), tests)
    with pytest.raises(DataError, match="takes none of the clips"):
        speech_mixture.train(network(), clips, None, tmp_path, settings(), {"x": "three"})


def test_a_run_says_which_actors_it_never_heard(clips: list[Utterance], tmp_path: Path) -> None:
    """`edge-convert fuse` learns from them, and refuses takes of one that was heard."""
    from convert.training import speech_mixture

    acted = [
        replace(clip, corpus="ravdess", speaker=f"ravdess:{int(clip.speaker[-1]) + 1:02}")
        if clip.corpus == "two"
        else clip
        for clip in clips
    ]
    few = settings(epochs=1, finish_epochs=1)
    speech_mixture.train(network(), acted, None, tmp_path, few, {"without_01": (1,)})
    kept = json.loads((tmp_path / "without_01" / "result.json").read_text())
    assert kept["test_actors"] == [1]


def test_batches_follow_from_the_epoch(clips: list[Utterance]) -> None:
    from convert.datasets import speech_mixture
    from convert.training.speech_mixture import MixtureBatches

    whole = speech_mixture.load(clips, FEATURES)
    through, resumed = (MixtureBatches(whole, settings(), 32, epoch) for epoch in (0, 1))
    first = through[1]
    through.on_epoch_end()
    for one, other in zip(through[1], resumed[1], strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(first[0], through[1][0])
    assert first[0].shape == (16, 32, 16, 1)
    assert first[0].min() >= 0
    assert first[0].max() == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(first[1].sum(axis=1), 1, rtol=1e-5)
