"""A run that is killed and resumed is the run that was not killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tiny_network
from places import ROOT, SUPPORT

from convert.augmentation.image import Augmentation, add_noise
from convert.datasets import face_set as faces
from convert.datasets import fer2013
from edge.errors import DataError, UsageError

pytest.importorskip("keras")
from convert.training.moving_average import MovingAverage  # imports keras

pytestmark = [pytest.mark.keras, pytest.mark.timeout(900)]

EPOCHS = 4
SCRIPT = """
import sys
from pathlib import Path
from test_face_training import run
run(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def run(
    data: Path, out: Path, *, resume: bool = False, **changes: object
) -> list[dict[str, float]]:
    from convert.training import face as train

    asked = {"epochs": EPOCHS, "batch_size": 32, "precision": "float32", **changes}
    settings = train.recipe(out, asked, {})
    training, validation = faces.split(fer2013.load(data), "official", settings.seed)
    return train.train(tiny_network.TINY, training, validation, out, settings, resume=resume)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_network.write_faces(tmp_path_factory.mktemp("data") / "faces.npz")


@pytest.fixture(scope="module")
def whole(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that nobody killed."""
    out = tmp_path_factory.mktemp("whole") / "run"
    run(data, out)
    return out


def history(out: Path) -> list[dict[str, float]]:
    return list(json.loads((out / "history.json").read_text()))


def assert_same_run(one: list[dict[str, float]], other: list[dict[str, float]]) -> None:
    assert [record["epoch"] for record in one] == [record["epoch"] for record in other]
    for key in ("loss", "val_loss"):
        np.testing.assert_allclose(
            [record[key] for record in one], [record[key] for record in other], rtol=2e-3
        )


def test_a_run_leaves_its_files(whole: Path) -> None:
    names = {path.name for path in whole.iterdir()}
    assert names == {"run.json", "history.json", "last.weights.h5", "best.keras"}
    assert [record["epoch"] for record in history(whole)] == [1, 2, 3, 4]
    assert json.loads((whole / "run.json").read_text())["network"] == "tiny"


def test_the_best_network_is_plain_keras_in_float32(whole: Path) -> None:
    import keras

    model = keras.models.load_model(whole / "best.keras", compile=False)
    assert "BatchNormalization" in {type(layer).__name__ for layer in model.layers}
    assert model.count_params() == tiny_network.PARAMETERS
    assert {str(weight.dtype) for weight in model.trainable_weights} == {"float32"}


def test_killed_and_resumed_is_as_if_it_never_was(data: Path, whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, (Path(__file__).parent, SUPPORT, ROOT))),
    }
    child = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(data), str(out)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 600
        while not (out / "history.json").exists() and time.monotonic() < deadline:
            assert child.poll() is None or (out / "history.json").exists()
            time.sleep(0.01)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    before = history(out)
    assert before
    resumed = run(data, out, resume=True)
    assert_same_run(resumed, history(whole))
    assert resumed[: len(before)] == before


def test_a_kill_between_the_files_of_an_epoch_loses_nothing(whole: Path, tmp_path: Path) -> None:
    from convert.training.loop import restore

    out = tmp_path / "run"
    shutil.copytree(whole, out)
    (out / "history.json").rename(out / "next.json")
    (out / "history.json").write_text(json.dumps(history(whole)[:-1]))
    model = compiled()
    assert restore(model, out, steps_per_epoch=14) == history(whole)
    (out / "next.json").unlink()
    with pytest.raises(Exception, match="does not go with its weights"):
        restore(model, out, steps_per_epoch=14)


def compiled():  # type: ignore[no-untyped-def]  # keras is untyped
    from convert.training import face as train
    from convert.training import fast_layers as fused
    from convert.training import loop as fit

    model = fused.for_training(tiny_network.build())
    fit.compile_model(model, train.TrainSettings(epochs=EPOCHS), steps_per_epoch=14)
    return model


def test_with_an_average_and_a_recorded_teacher_a_run_is_resumed_too(
    data: Path, tmp_path: Path
) -> None:
    training = fer2013.load(data).part("Training")
    recorded, patches = tmp_path / "scores.npz", tmp_path / "patches.npz"
    rng = np.random.default_rng(0)
    scores = rng.dirichlet(np.ones(7), (2, len(training))).astype(np.float16)
    np.savez(recorded, scores=scores, labels=training.labels)
    np.savez(patches, images=rng.integers(0, 256, (20, 64, 64), np.uint8))
    asked = {"teacher": str(recorded), "nonface": str(patches), "average": 0.9}
    whole = run(data, tmp_path / "whole", **asked)
    assert (tmp_path / "whole" / "average.npz").exists()

    kept = MovingAverage.save

    def killed_in_the_third(self: MovingAverage) -> None:
        kept(self)
        if json.loads((tmp_path / "again" / "next.json").read_text())[-1]["epoch"] == 3:
            raise KeyboardInterrupt

    MovingAverage.save = killed_in_the_third  # type: ignore[method-assign]
    try:
        with pytest.raises(KeyboardInterrupt):
            run(data, tmp_path / "again", **asked)
    finally:
        MovingAverage.save = kept  # type: ignore[method-assign]
    assert_same_run(whole, run(data, tmp_path / "again", resume=True, **asked))


def test_the_scores_of_other_faces_are_refused(data: Path, tmp_path: Path) -> None:
    recorded = tmp_path / "scores.npz"
    np.savez(recorded, scores=np.zeros((2, 3, 7), np.float16), labels=np.zeros(3, np.uint8))
    with pytest.raises(DataError, match="of other faces"):
        run(data, tmp_path / "run", teacher=str(recorded))


def test_a_second_run_in_the_same_folder_is_refused(data: Path, whole: Path) -> None:
    with pytest.raises(UsageError, match="add --resume"):
        run(data, whole)
    with pytest.raises(UsageError, match=r"another learning_rate \(0.001\)"):
        run(data, whole, resume=True, learning_rate=0.5)


def test_a_resumed_run_takes_its_settings_from_the_folder(whole: Path) -> None:
    from convert.training.face import recipe

    assert recipe(whole, {"epochs": None}, {}).epochs == EPOCHS
    assert recipe(whole, {"epochs": 9}, {"noise_share": 0.1}).augmentation.noise_share == 0.1


def test_too_few_faces_for_a_batch(data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="do not fill a batch"):
        run(data, tmp_path / "run", batch_size=1000)


def test_an_unknown_precision_names_the_choices(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="mixed_bfloat16"):
        run(data, tmp_path / "run", precision="float8")


def test_augmented_faces_follow_from_the_seed_and_stay_in_range() -> None:
    images = np.random.default_rng(0).integers(0, 256, (16, 48, 48), dtype=np.uint8)
    one, again, other = (
        Augmentation().apply(images, np.random.default_rng(seed)) for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)
    assert one.dtype == np.float32
    assert one.min() >= 0
    assert one.max() <= 1


def test_augmentation_switched_off_is_the_picture() -> None:
    images = np.random.default_rng(0).integers(0, 256, (4, 48, 48), dtype=np.uint8)
    off = Augmentation(
        flip=False, rotation_deg=0, scale=0, shift=0, brightness=0, contrast=0, noise_share=0
    )
    np.testing.assert_allclose(off.apply(images, np.random.default_rng(1)), images / 255, atol=1e-6)


def test_noise_is_the_papers() -> None:
    rng = np.random.default_rng(1)
    gray = np.full((200, 48, 48), 0.5, np.float32)
    noisy = add_noise(gray, 0.1, rng)
    assert noisy.std() == pytest.approx(0.1, rel=0.02)
    assert add_noise(gray, 5.0, rng).max() == 1
    assert (gray == 0.5).all()
