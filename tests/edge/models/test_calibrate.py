"""`edge calibrate`: a person's faces move the scores where that helps, by some numbers alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import tiny_model
from numpy.typing import NDArray

from edge.cli.app import run_app
from edge.cli.main import app
from edge.errors import ModelError
from edge.models.classifier import Classifier
from edge.models.own import open_model
from edge.models.personal import keep, path_of, personal
from edge.models.recalibration import Adjustment, Gain, adjustment, gain

LABELS = ("glad", "glum", "other")


def run(*arguments: object) -> int:
    return run_app(app, "edge", [str(argument) for argument in arguments])


def scored(
    n: int, offsets: tuple[float, ...], seed: int = 0, temperature: float = 1.0
) -> tuple[NDArray[np.float64], NDArray[np.int_]]:
    """Scores, and labels drawn from what they mean once they are adjusted."""
    rng = np.random.default_rng(seed)
    scores = rng.dirichlet(np.full(len(offsets), 0.7), n)
    meant = Adjustment(temperature, np.array(offsets)).apply(scores)
    return scores, np.array([rng.choice(len(offsets), p=row) for row in meant])


WORTH = Gain(60, 0.8, 0.9, 1.0, 0.5, 0.2, floor=0.4, coverage=(0.5,) * 7)


def test_the_floor_keeps_its_promise_on_pictures_that_it_was_not_chosen_on() -> None:
    """Before, what the card said of its own pictures; after, 80 % of the person's are right."""
    scores, labels = scored(1000, (1.5, -1.5, 0.0), temperature=1.5)
    found, worth = adjustment(scores, labels), gain(scores, labels, np.arange(1000) % 5)
    unseen, truth = scored(4000, (1.5, -1.5, 0.0), seed=1, temperature=1.5)
    after = found.apply(unseen)
    said = after.max(axis=1) >= worth.floor
    right = (after.argmax(axis=1) == truth)[said].mean()
    assert right == pytest.approx(0.8, abs=0.03)
    assert 0.2 < said.mean() < 0.98


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_the_cards_floor_moves_with_the_temperature(tmp_path: Path, temperature: float) -> None:
    """A score that was just below it is below it again, whatever the person's pictures say."""
    model = tiny_model.write(tmp_path)
    low = replace(WORTH, floor=0.0)
    keep(model, Adjustment(temperature, np.zeros(7)), low)
    before, after = model.card.floor, personal(model).card.floor
    peak = np.array([[before, *[(1 - before) / 6] * 6]])
    moved = Adjustment(temperature, np.zeros(7)).apply(peak).max()
    assert after == pytest.approx(moved, abs=1e-3)
    keep(model, Adjustment(temperature, np.zeros(7)), replace(WORTH, floor=0.97))
    assert personal(model).card.floor == pytest.approx(0.97)


def test_what_moved_the_scores_is_found() -> None:
    scores, labels = scored(4000, (1.0, -1.0, 0.0), temperature=1.5)
    found = adjustment(scores, labels)
    np.testing.assert_allclose(found.offsets, (1.0, -1.0, 0.0), atol=0.15)
    assert found.temperature == pytest.approx(1.5, abs=0.15)
    worth = gain(scores, labels, np.arange(4000) % 5)
    assert worth.helps
    assert worth.loss_after < worth.loss_before


def test_scores_that_are_right_already_are_mostly_left_alone() -> None:
    helped = 0
    for seed in range(20):
        scores, labels = scored(60, (0.0, 0.0, 0.0), seed)
        helped += gain(scores, labels, np.arange(60) % 5).helps
    assert helped <= 2


def test_few_pictures_move_little_and_a_label_without_any_stays() -> None:
    scores, labels = scored(12, (0.0, 0.0, 0.0, 0.0))
    labels = labels % 2
    found = adjustment(scores, labels)
    assert (found.offsets[2:] == 0).all()
    assert np.abs(found.offsets).max() < 2


def own(folder: Path, calibrated: bool = False) -> Path:
    path = folder / "mine.tflite"
    content = tiny_model.build("float32", classes=3, picture_shape=(16, 16, 1))
    path.write_bytes(content)
    labels = json.dumps(list(LABELS))
    path.with_suffix(".toml").write_text(f'labels = {labels}\nscaling = "0-1"\n')
    return path


def shown(logits: NDArray[np.float64]) -> NDArray[np.uint8]:
    """A picture of which `own` gives about these logits: the nearest such one to gray."""
    kernel = np.random.default_rng(0).integers(-127, 128, (3, 256), dtype=np.int8)
    weights = kernel * tiny_model.WEIGHT_SCALE / 255
    gray = np.full(256, 128.0)
    change = np.linalg.pinv(weights) @ (logits - weights @ gray)
    return np.rint(gray + change).clip(0, 255).astype(np.uint8).reshape(16, 16)


def faces(folder: Path, offsets: tuple[float, ...], each: int, seed: int = 4) -> Path:
    """Pictures, each in the folder of what `own` would say were its scores moved by `offsets`."""
    rng = np.random.default_rng(seed)
    counts = dict.fromkeys(LABELS, 0)
    while min(counts.values()) < each:
        logits = rng.normal(0, 1.5, 3)
        label = LABELS[int((logits + offsets + rng.gumbel(0, 0.3, 3)).argmax())]
        if counts[label] < each:
            (folder / label).mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(folder / label / f"{counts[label]}.png"), shown(logits))
            counts[label] += 1
    return folder


def test_folders_become_numbers_that_a_run_uses_and_undo_removes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = own(tmp_path)
    before = {path.name for path in tmp_path.iterdir()}
    mine = faces(tmp_path / "me", (1.2, -1.2, 0.0), 20)
    command = ("calibrate", mine, "--model", model, "--faces", "whole")
    assert run(*command, "--json") == 0, capsys.readouterr().err
    said = json.loads(capsys.readouterr().out)
    assert said["accuracy"]["after"] > said["accuracy"]["before"]
    assert said["log_loss"]["after"] < said["log_loss"]["before"]
    assert said["offsets"]["glad"] > said["offsets"]["glum"]
    # Nothing but the numbers is kept.
    kept = {path.name for path in tmp_path.iterdir()} - before - {"me"}
    assert kept == {"mine.calibration.toml"}
    assert path_of(model).stat().st_size < 500
    image = np.full((16, 16), 120, np.uint8)
    with (
        Classifier(open_model(str(model), personally=False)) as plain,
        Classifier(open_model(str(model))) as personal,
    ):
        scores = plain.classify(image).scores.astype(np.float64)[None]
        found = Adjustment(said["temperature"], np.array([said["offsets"][n] for n in LABELS]))
        np.testing.assert_allclose(
            personal.classify(image).scores, found.apply(scores)[0], atol=2e-3
        )
    assert run("models", "show", model) == 0
    show = " ".join(capsys.readouterr().out.split())
    assert f"temperature {said['temperature']:.4f}"[:17] in show
    assert "above it 80% of the labels were right" in show
    assert "edge calibrate, 60 pictures of its person" in show
    assert run("calibrate", "--undo", "--model", model) == 0
    assert open_model(str(model)).card.calibration is None
    assert "as its card says again" in capsys.readouterr().out


def test_where_it_does_not_help_nothing_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = own(tmp_path)
    rng = np.random.default_rng(1)
    for label in LABELS:  # pictures that have nothing to do with their labels
        (tmp_path / "me" / label).mkdir(parents=True)
        for number in range(10):
            # Sure of nothing: there is no confidence to be taken back either.
            image = shown(rng.normal(0, 0.05, 3))
            cv2.imwrite(str(tmp_path / "me" / label / f"{number}.png"), image)
    assert run("calibrate", tmp_path / "me", "--model", model, "--faces", "whole") == 1
    assert "it does not help, and nothing was kept" in capsys.readouterr().err
    assert not path_of(model).exists()


def test_too_few_faces_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = own(tmp_path)
    mine = faces(tmp_path / "me", (0.0, 0.0, 0.0), 3)
    assert run("calibrate", mine, "--model", model, "--faces", "whole") == 1
    assert "there are 3 faces of glad: give 5 or more" in capsys.readouterr().err


def test_a_camera_is_asked_for_each_label_in_turn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answer(text: str, *_: object, **__: object) -> str:
        asked.append(text)
        return "s" if text.endswith("other") else ""

    monkeypatch.setattr("typer.prompt", answer)
    model = own(tmp_path)
    command = ("calibrate", "--model", model, "--camera", "synthetic", "--rounds", 2)
    # The same face for both labels: nothing can be learned of it, and nothing is kept.
    assert run(*command, "--frames", 6, "--faces", "whole") == 1
    assert asked == [
        "1 of 2: glad",
        "1 of 2: glum",
        "1 of 2: other",
        "2 of 2: glad",
        "2 of 2: glum",
    ]
    assert "it does not help" in capsys.readouterr().err
    assert not path_of(model).exists()


@pytest.mark.parametrize(
    ("folders", "code", "sentence"),
    [
        (("glad", "merry"), 2, "name each folder"),
        ((), 2, "holds no folder"),
    ],
)
def test_folders_that_are_wrong(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    folders: tuple[str, ...],
    code: int,
    sentence: str,
) -> None:
    model = own(tmp_path)
    (tmp_path / "me").mkdir()
    for name in folders:
        (tmp_path / "me" / name).mkdir()
    assert run("calibrate", tmp_path / "me", "--model", model) == code
    assert sentence in capsys.readouterr().err


def test_on_top_of_a_card_that_is_calibrated() -> None:
    """Both steps as one: the card's own, then the person's."""
    from edge.models import Model

    given = open_model("edge_net")
    found = Adjustment(1.3, np.linspace(-0.5, 0.5, 7))
    image = np.random.default_rng(2).integers(0, 256, (48, 48), dtype=np.uint8)
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        copied = Model(Path(folder) / "edge_net.tflite", given.card, given.content)
        keep(copied, found, WORTH)
        with Classifier(given) as plain, Classifier(personal(copied)) as mine:
            scores = plain.classify(image).scores.astype(np.float64)[None]
            after = mine.classify(image).scores
    np.testing.assert_allclose(after, found.apply(scores)[0], atol=5e-3)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("temperature = ", "as TOML"),
        ("temperature = 1.0\n[offsets]\n", "sha256"),
        ('sha256 = "x"\ntemperature = 1.0\n[offsets]\n', "another file"),
        ('sha256 = "x"\ntemperature = 1e9\n[offsets]\n', "temperature"),
    ],
)
def test_numbers_that_are_damaged_are_said_with_the_way_out(
    tmp_path: Path, text: str, sentence: str
) -> None:
    model = own(tmp_path)
    path_of(model).write_text(text)
    with pytest.raises(ModelError, match=f"(?s){sentence}.*edge calibrate"):
        open_model(str(model))
