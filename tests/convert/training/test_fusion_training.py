"""The combiner's training and its judge, on made-up people and stand-in networks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import sound_files
import tiny_model
import tiny_network

from edge.audio.feature_settings import FeatureSettings
from edge.errors import DataError, UsageError
from edge.models import find
from edge.models.labels import SHARED, FusionInputs
from edge.vision.sequence_settings import SequenceSettings

FEATURES = FeatureSettings(window_frames=48, n_mels=48, n_mfcc=8)
SENSES = FusionInputs(face_labels=SHARED, speech_labels=SHARED)


def scored(n: int, seed: int):  # type: ignore[no-untyped-def]  # its import needs the convert extra
    """Scores that are right three times in four."""
    from convert.training.score_pairs import Scored

    rng = np.random.default_rng(seed)
    labels = np.arange(n, dtype=np.uint8) % len(SHARED)
    said = np.where(rng.random(n) < 0.75, labels, rng.integers(0, len(SHARED), n))
    scores = np.full((n, len(SHARED)), 0.05, np.float32)
    scores[np.arange(n), said] = 0.7
    return Scored(scores, labels)


def test_a_pair_is_a_face_and_a_voice_of_its_label() -> None:
    from convert.training.score_pairs import draw

    faces, voices = scored(70, 0), scored(49, 1)
    drawn = draw(faces, voices, SENSES, 400, np.random.default_rng(2))
    assert drawn.images.shape == (400, SENSES.columns)
    assert drawn.images.dtype == np.uint8
    for row, label in zip(drawn.images, drawn.labels, strict=True):
        for there, part, pool in (
            (row[-2], row[:7], faces),
            (row[-1], row[7:14], voices),
        ):
            of_label = np.rint(pool.scores[pool.labels == label] * 255)
            assert there in (0, 255)
            assert (part == of_label).all(axis=1).any() if there else not part.any()


def test_some_lack_a_sense_and_none_lacks_both() -> None:
    from convert.training.score_pairs import draw

    drawn = draw(scored(70, 0), scored(70, 1), SENSES, 1000, np.random.default_rng(2), absent=0.2)
    face, voice = drawn.images[:, -2] > 0, drawn.images[:, -1] > 0
    assert (face | voice).all()
    assert 0.15 < (~face).mean() < 0.25
    assert 0.15 < (~voice).mean() < 0.25


def test_an_emotion_that_nobody_shows_is_named() -> None:
    from convert.training.score_pairs import draw

    voices = scored(70, 1)
    unhappy = voices.where(voices.labels != SHARED.index("happy"))
    with pytest.raises(DataError, match="no voice is happy"):
        draw(scored(70, 0), unhappy, SENSES, 100, np.random.default_rng(0))


def test_wilsons_interval() -> None:
    from convert.metrics import wilson

    assert wilson(0.5, 100) == pytest.approx((0.4038, 0.5962), abs=1e-4)
    low, high = wilson(1.0, 10)
    assert low == pytest.approx(0.7225, abs=1e-4)
    assert high == pytest.approx(1.0)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Faces, voices, takes of actor 01 with both, and networks for each sense."""
    pytest.importorskip("keras")
    pytest.importorskip("soundfile")
    from convert.datasets import ravdess

    root = tmp_path_factory.mktemp("world")
    tiny_network.write_faces(root / "faces.npz")
    sound_files.write_takes(root / "voices")
    rng = np.random.default_rng(0)
    clips = {
        f"01-01-{emotion:02}-01-01-01-01": rng.integers(0, 256, (3, 60, 60), np.uint8)
        for emotion in (1, 3, 4, 5)
    }
    np.savez(root / "true.npz", **clips)  # type: ignore[arg-type]  # numpy's stub has no **
    (root / "face").mkdir()
    tiny_model.write(root / "face")
    (root / "video").mkdir()
    sequence = SequenceSettings(frames=3, step_s=0.4)
    seen = {"labels": ravdess.LABELS, "sequence": sequence}
    tiny_model.write(root / "video", classes=len(ravdess.LABELS), **seen)
    speech_result = {"modality": "speech", "preprocessing": FEATURES, "labels": ravdess.LABELS}
    for folder, name in (("fold_1", "int8"), ("speech", "tiny")):
        (root / folder).mkdir()
        tiny_model.write(root / folder, classes=len(ravdess.LABELS), **speech_result)
        for suffix in ("tflite", "json"):
            (root / folder / f"tiny.{suffix}").rename(root / folder / f"{name}.{suffix}")
    tested = {"test_actors": [1, 2, 3]}
    (root / "fold_1" / "result.json").write_text(json.dumps(tested))
    return root


def fuse(world: Path, out: Path, video_input: str = "face"):  # type: ignore[no-untyped-def]  # its result is keras-side
    from convert.cli.fusion import fuse
    from convert.training.fusion import FusionSettings

    return fuse(
        world / "faces.npz",
        world / "voices",
        world / "true.npz",
        world / "fold_1",
        str(world / video_input / "tiny.tflite"),
        str(world / "speech" / "tiny.tflite"),
        out / "fusion.tflite",
        out / "run",
        FusionSettings(epochs=2, pairs=640),
    )


@pytest.mark.keras
@pytest.mark.timeout(600)
def test_the_combiner_is_trained_converted_and_judged_on_the_true_takes(
    world: Path, tmp_path: Path
) -> None:
    verdict = fuse(world, tmp_path)
    assert (verdict.clips, verdict.actors) == (4, (1,))
    assert all(0 <= way["accuracy"] <= 1 for way in verdict.as_dict()["ways"].values())
    assert "face and voice" in "\n".join(verdict.lines())
    card = find(str(tmp_path / "fusion.tflite")).card
    assert (card.modality, card.labels, card.dtype) == ("fusion", SHARED, "int8")
    assert card.inputs.columns == card.input_shape[0]
    assert "actors 02" in card.training_data
    assert len(card.figures) == 5


@pytest.mark.keras
@pytest.mark.timeout(600)
def test_a_network_for_video_gets_a_combiner_of_its_own_labels(world: Path, tmp_path: Path) -> None:
    from convert.datasets import ravdess

    verdict = fuse(world, tmp_path, "video")
    assert "face and voice" in "\n".join(verdict.lines())
    card = find(str(tmp_path / "fusion.tflite")).card
    assert (card.name, card.labels) == ("fusion_video", SHARED)
    assert card.inputs.face_labels == ravdess.LABELS
    assert "courses" in card.training_data
    assert "courses" in card.figures[0].protocol


@pytest.mark.keras
def test_a_fold_that_trained_on_the_judged_actor_is_refused(world: Path, tmp_path: Path) -> None:
    result = world / "fold_1" / "result.json"
    before = result.read_text()
    result.write_text(json.dumps({"test_actors": [2, 3]}))
    try:
        with pytest.raises(UsageError, match="actor 1 "):
            fuse(world, tmp_path)
    finally:
        result.write_text(before)
    assert not (tmp_path / "fusion.tflite").exists()


def test_the_shipped_combiner_was_judged_with_the_networks_that_are_shipped() -> None:
    """After one of them has changed, or its calibration: edge-convert fuse."""
    from convert.evaluation.fusion import version

    networks = ", ".join(version(find(name).card) for name in ("edge_net", "audio_crnn"))
    for figure in find("fusion").card.figures:
        assert figure.protocol.endswith(networks)


def test_another_calibration_is_another_version() -> None:
    from convert.evaluation.fusion import version

    card = find("edge_net").card
    assert card.calibration is not None
    moved = card.calibration.model_copy(update={"temperature": 2.0})
    assert version(card.model_copy(update={"calibration": moved})) != version(card)
    assert version(card.model_copy(update={"figures": ()})) == version(card)
