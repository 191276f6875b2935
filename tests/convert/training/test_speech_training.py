"""Training on voices: folds one after another, judged on speakers that they never heard."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import sound_files

from edge.audio.feature_settings import FeatureSettings
from edge.errors import DataError, UsageError

pytest.importorskip("keras")
pytest.importorskip("soundfile")
pytest.importorskip("soxr")
pytestmark = [pytest.mark.keras, pytest.mark.timeout(900)]

FEATURES = FeatureSettings(window_frames=32, n_mels=16, n_mfcc=8)
EPOCHS = 20
FILES = {"history.json", "last.weights.h5", "best.keras"}
JUDGED = {"result.json", "history.png", "confusion.png"}


def tiny():  # type: ignore[no-untyped-def]  # keras is untyped
    """A network of audio_crnn's layers that trains in seconds."""
    from keras import Input, Model, layers

    from convert.datasets.ravdess import LABELS
    from convert.zoo import Architecture

    def build(features: FeatureSettings = FEATURES) -> Model:
        picture = Input((features.window_frames, features.columns, 1), name="image")
        x = layers.MaxPooling2D((4, 1))(picture)
        x = layers.Conv2D(8, 3, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.5)(x))
        x = layers.Reshape((8, 128))(x)
        x = layers.Bidirectional(layers.GRU(8, return_sequences=True, unroll=True))(x)
        x = layers.GlobalMaxPooling1D()(x)
        scores = layers.Dense(8, activation="softmax", dtype="float32", name="scores")(x)
        return Model(picture, scores, name="tiny_speech")

    return Architecture(
        name="tiny_speech",
        source="made up for the tests",
        modality="speech",
        labels=LABELS,
        input_shape=(32, 16, 1),
        parameters=0,
        macs=0,
        seed=7,
        build=build,
    )


def run(data: Path, out: Path, folds: str = "1,2", *, resume: bool = False, **changes: object):  # type: ignore[no-untyped-def]  # its result is keras-side
    from convert.training import speech as train_speech
    from convert.training import speech_settings as speech_recipe

    asked = {
        "epochs": EPOCHS,
        "batch_size": 16,
        "learning_rate": 0.01,
        "precision": "float32",
        "features": FEATURES.model_dump(),
        **changes,
    }
    settings = speech_recipe.recipe(out, asked, {"speeds": (1.03,), "masks": 1, "mask_bands": 2})
    tests = speech_recipe.tests_of(folds, "")
    return train_speech.train(tiny(), data, None, out, settings, tests, resume=resume)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sound_files.write_takes(tmp_path_factory.mktemp("ravdess"))


@pytest.fixture(scope="module")
def trained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "tiny_speech"
    run(data, out)
    return out


def read(path: Path) -> dict:  # type: ignore[type-arg]  # whatever the JSON holds
    return dict(json.loads(path.read_text()))


def test_it_learns_what_it_can_tell_apart(trained: Path) -> None:
    summary = read(trained / "folds.json")
    assert list(summary["folds"]) == ["fold_1", "fold_2"]
    assert summary["uar_mean"] == pytest.approx(np.mean(list(summary["folds"].values())))
    assert summary["uar_mean"] > 2 / 8  # twice chance: the network and the run are tiny


def test_every_fold_leaves_its_files_and_its_test_speakers(trained: Path) -> None:
    from convert.datasets.ravdess import folds

    assert {path.name for path in trained.iterdir()} == {
        "run.json", "folds.json", "fold_1", "fold_2",
    }  # fmt: skip
    for number in (1, 2):
        folder = trained / f"fold_{number}"
        assert {path.name for path in folder.iterdir()} == FILES | JUDGED
        result = read(folder / "result.json")
        assert tuple(result["test_actors"]) == folds(range(1, 25))[number - 1]
        assert result["test_clips"] == 8 * len(result["test_actors"])
        assert np.sum(result["confusion"]) == result["test_clips"]


def test_the_last_epoch_is_kept_so_that_the_test_chooses_nothing(data: Path, trained: Path) -> None:
    import keras

    from convert.datasets import ravdess
    from convert.datasets import speech_set as voices

    folder = trained / "fold_1"
    clips = ravdess.clips(data)
    mask = ravdess.test_mask(clips, "speaker", 1, seed=7)
    test = voices.load(clips, FEATURES).where(mask)
    network = keras.models.load_model(folder / "best.keras", compile=False)
    scores = network.predict(test.images[..., None] / np.float32(255), verbose=0)
    found = float((scores.argmax(axis=1) == test.labels).mean())
    history = json.loads((folder / "history.json").read_text())
    assert found == pytest.approx(history[-1]["val_accuracy"], abs=1e-6)
    assert found == pytest.approx(read(folder / "result.json")["accuracy"])


def test_a_finished_run_resumed_is_what_it_was_and_another_fold_joins_it(
    data: Path, trained: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    shutil.copytree(trained, out)
    before = read(out / "folds.json")["folds"]
    with pytest.raises(UsageError, match="add --resume"):
        run(data, out)
    run(data, out, "2,3", resume=True)
    after = read(out / "folds.json")["folds"]
    assert {name: after[name] for name in before} == before
    assert list(after) == ["fold_1", "fold_2", "fold_3"]


def test_another_recipe_does_not_go_on_with_a_run(data: Path, trained: Path) -> None:
    with pytest.raises(UsageError, match="another mixup"):
        run(data, trained, resume=True, mixup=0.5)
    with pytest.raises(UsageError, match="another split"):
        run(data, trained, resume=True, split="random")


def test_a_resumed_run_takes_its_settings_from_the_folder(trained: Path) -> None:
    from convert.training.speech_settings import recipe

    found = recipe(trained, {"epochs": None}, {})
    assert (found.epochs, found.features, found.augmentation.speeds) == (EPOCHS, FEATURES, (1.03,))
    assert recipe(trained, {"epochs": 9}, {"noise_share": 0.1}).augmentation.noise_share == 0.1


def test_too_few_takes_for_a_batch(data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="do not fill a batch"):
        run(data, tmp_path / "run", batch_size=1000)


def test_batches_of_an_epoch_are_the_same_whenever_it_begins(data: Path) -> None:
    from convert.datasets import ravdess
    from convert.datasets import speech_set as voices
    from convert.training.speech import Batches
    from convert.training.speech_settings import SpeechSettings

    loaded = voices.load(ravdess.clips(data)[:64], FEATURES)
    settings = SpeechSettings(batch_size=16, features=FEATURES)
    through, resumed = (Batches(loaded, [], settings, epoch) for epoch in (0, 1))
    first = through[2]
    through.on_epoch_end()
    for one, other in zip(through[2], resumed[2], strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(first[0], through[2][0])
    assert first[0].shape == (16, 32, 16, 1)
    np.testing.assert_allclose(first[1].sum(axis=1), 1, rtol=1e-5)


def test_rare_classes_come_up_as_often_as_the_others() -> None:
    from convert.training.speech import balanced

    labels = np.array([0] * 4 + [1] * 8 + [2] * 7, np.uint8)
    drawn = np.bincount(labels[balanced(labels)])
    assert drawn.tolist() == [8, 8, 7]


def test_mixed_windows_and_targets_keep_their_shares() -> None:
    from convert.training.speech import mix_pairs

    n = 64
    heard = np.broadcast_to(np.arange(n, dtype=np.float32)[:, None, None], (n, 2, 3))
    targets = np.eye(n, dtype=np.float32)
    mixed, soft = mix_pairs(heard, targets, 0.4, np.random.default_rng(0))
    np.testing.assert_allclose(soft.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(mixed[:, 0, 0], soft @ np.arange(n), rtol=1e-4)
    assert (soft.argmax(axis=1) == np.arange(n)).mean() > 0.9
    assert (soft.max(axis=1) < 0.99).any()


@pytest.mark.parametrize(
    ("fold", "hold_out", "expected"),
    [
        ("all", "", {f"fold_{n}": n for n in range(1, 6)}),
        ("3", "", {"fold_3": 3}),
        ("all", "1", {"without_01": (1,)}),
        ("all", "12, 1", {"without_01_12": (1, 12)}),
    ],
)
def test_what_is_asked_for_becomes_folders(
    fold: str, hold_out: str, expected: dict[str, object]
) -> None:
    from convert.training import speech_settings as speech_recipe

    assert speech_recipe.tests_of(fold, hold_out) == expected


@pytest.mark.parametrize(("fold", "hold_out"), [("none", ""), ("all", "first"), ("1;2", "")])
def test_what_is_no_number_is_refused(fold: str, hold_out: str) -> None:
    from convert.training import speech_settings as speech_recipe

    with pytest.raises(UsageError, match="no number"):
        speech_recipe.tests_of(fold, hold_out)


def test_features_are_chosen_by_name_and_the_network_takes_their_picture(tmp_path: Path) -> None:
    from convert import zoo
    from convert.conversion.macs import macs
    from convert.training.speech_settings import features_of, parse_features, recipe, with_features

    chosen = recipe(tmp_path, {"features": parse_features("mfcc, energy,f0")}, {}).features
    assert (chosen.spectrum, chosen.energy, chosen.f0, chosen.columns) == ("mfcc", True, True, 34)
    entry = with_features(zoo.architecture("audio_crnn"), chosen)
    network = entry.build(chosen)
    assert network.input_shape == (None, *entry.input_shape)
    assert macs(network) < zoo.architecture("audio_crnn").macs

    recipe_file = tmp_path / "run.json"
    recipe_file.write_text(json.dumps({"features": chosen.model_dump()}))
    assert features_of(tmp_path / "fold_1" / "best.keras") == chosen
    assert features_of(tmp_path / "elsewhere" / "fold_1" / "best.keras").spectrum == "log_mel"
    # A resumed run hears what it heard.
    assert recipe(tmp_path, {"features": None}, {}).features == chosen


@pytest.mark.parametrize("text", ["", "log_mel,pitch", "energy", "log_mel,mfcc"])
def test_what_is_no_choice_of_features_is_refused(text: str) -> None:
    from convert.training.speech_settings import parse_features

    with pytest.raises(UsageError, match="log_mel"):
        parse_features(text)
