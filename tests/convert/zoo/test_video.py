"""A network for video converted, judged on courses and on true takes, and combined with a voice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny_model
import tiny_network
import tiny_video

from convert.datasets import fer2013
from convert.datasets.ravdess import LABELS
from convert.datasets.ravdess_faces import FaceClip, load, sequences
from edge.errors import UsageError
from edge.models import Model, find
from edge.vision.preprocess import Preprocessor
from edge.vision.sequence_settings import SequenceSettings

pytest.importorskip("keras")
pytestmark = [pytest.mark.keras, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_network.write_faces(tmp_path_factory.mktemp("data") / "faces.npz")


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two takes of each emotion but calm, of one actor: 12 noisy pictures each."""
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("takes") / "takes.npz"
    named = {
        f"01-01-{emotion:02}-01-01-{repetition:02}-01": rng.integers(0, 256, (12, 60, 60), np.uint8)
        for emotion in (1, 3, 4, 5, 6, 7, 8)
        for repetition in (1, 2)
    }
    np.savez(path, **named)  # type: ignore[arg-type]  # numpy's stub has no **
    return path


@pytest.fixture(scope="module")
def converted(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(a trained tiny network, its int8 model)."""
    from convert.conversion.quantize import QuantizeSettings, quantize
    from convert.datasets.synthetic_sequences import PROVENANCE, Motion, Stills, drawn_set
    from convert.training import video as train_video

    folder = tmp_path_factory.mktemp("converted")
    asked = {
        "frames": tiny_video.SEQUENCE.frames,
        "epochs": 5,
        "batch_size": 16,
        "sequences": 256,
        "validation_sequences": 32,
    }
    asked |= {"precision": "float32", "learning_rate": 0.01}
    settings = train_video.recipe(folder / "run", asked, {"noise_share": 0})
    whole = fer2013.load(data)
    training = whole.part("Training")
    seen = tiny_video.SEQUENCE
    train_video.train(
        tiny_video.TINY_VIDEO, seen, training, whole.part("PublicTest"), folder / "run", settings
    )
    out = folder / "tiny_video.tflite"
    drawn = drawn_set(Stills(training, seen, Motion()), 60, 1)
    quantize(
        folder / "run" / "best.keras",
        tiny_video.TINY_VIDEO,
        drawn,
        out,
        QuantizeSettings(images=60, noise_share=0),
        seen,
        PROVENANCE,
    )
    return folder / "run" / "best.keras", out


def test_the_card_says_what_it_sees_and_what_it_never_learned(
    converted: tuple[Path, Path],
) -> None:
    card = find(str(converted[1])).card
    assert (card.modality, card.labels, card.dtype) == ("video", LABELS, "int8")
    assert card.sequence == tiny_video.SEQUENCE
    assert card.macs == tiny_video.TINY_VIDEO.macs
    assert "calm" in card.training_data


def test_int8_is_judged_on_courses_and_on_takes(
    converted: tuple[Path, Path], data: Path, clips: Path
) -> None:
    from convert.evaluation.card_figures import figures, figures_on_clips
    from convert.evaluation.compare import Limits
    from convert.evaluation.verify import judge

    keras_file, model = converted
    verdict = judge(
        model, keras_file, data, "PrivateTest", (0.0, 0.3), Limits(0.2, 0.7), clips=clips
    )
    assert not verdict.broken
    clean, noisy = verdict.comparisons
    assert (clean.noise, noisy.noise) == (0.0, 0.3)
    assert clean.int8.accuracy > 0.3, "a seventh would be chance"
    assert (noisy.int8.confusion != clean.int8.confusion).any()
    assert int(clean.int8.confusion.sum()) == 112
    assert not clean.int8.confusion[LABELS.index("calm")].any()
    assert verdict.layers
    assert verdict.on_clips is not None
    assert int(verdict.on_clips.int8.confusion.sum()) == 14
    written = figures(verdict.comparisons, verdict.protocol) + figures_on_clips(verdict.on_clips)
    protocols = " ".join(figure.protocol for figure in written)
    assert "112 courses made of FER2013 PrivateTest" in protocols
    assert "14 true takes" in protocols
    text = "\n".join(verdict.lines(2))
    assert "courses made of" in text
    assert "14 true takes: accuracy" in text


def test_the_shipped_shape_converts_and_runs(data: Path, tmp_path: Path) -> None:
    from convert import zoo
    from convert.cli.video import quantize_video
    from edge.models.classifier import Classifier

    zoo.architecture("video_resgru").build().save(tmp_path / "new.keras")
    out = tmp_path / "video_resgru.tflite"
    quantize_video(tmp_path / "new.keras", "video_resgru", data, out, images=4, seed=7)
    found = find(str(out))
    assert found.card.sequence is not None
    with Classifier(found) as classifier:
        scores = classifier.classify(np.zeros(found.card.input_shape[:-1], np.uint8)).scores
    assert scores.sum() == pytest.approx(1)


def test_a_takes_courses_are_prepared_and_spread_in_time(clips: Path) -> None:
    take = load(clips)[0]
    # Pictures of a take of 3.7 s are 0.308 s apart: every third one.
    seen = sequences(take, SequenceSettings(frames=3, step_s=0.9, smooth=True))
    assert seen.shape == (6, 3, 48, 48)
    smooth = Preprocessor(SequenceSettings(frames=3, step_s=0.9, smooth=True))
    for i, place in enumerate((5, 8, 11)):
        np.testing.assert_array_equal(seen[-1, i], smooth.normalise(take.faces[place]))


def test_a_take_shorter_than_a_course_ends_as_it_does(clips: Path) -> None:
    take = load(clips)[0]
    short = FaceClip(take.take, take.faces[:2])
    seen = sequences(short, SequenceSettings(frames=4, step_s=3.0))
    assert seen.shape == (1, 4, 48, 48)
    np.testing.assert_array_equal(seen[0, -1], short.faces[1])


def test_a_model_of_faces_is_not_judged_on_takes_labels(tmp_path: Path, clips: Path) -> None:
    from convert.evaluation.ravdess_clips import compare_on_clips

    model = tiny_model.write(tmp_path)
    with pytest.raises(UsageError, match="leave the takes out"):
        compare_on_clips(model, model, load(clips))


def test_a_take_gets_the_mean_of_what_is_said_of_its_pictures(tmp_path: Path, clips: Path) -> None:
    from convert.evaluation.ravdess_clips import by_take
    from convert.predict import predict

    seen = load(clips)[:2]
    seen[1] = replace(seen[1], faces=seen[1].faces[:5])
    model: Model = tiny_model.write(tmp_path)
    expected = [predict(model, take.faces).mean(axis=0) for take in seen]
    np.testing.assert_allclose(by_take(model, seen), expected, rtol=1e-6)
