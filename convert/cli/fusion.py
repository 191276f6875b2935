"""What edge-convert does where two senses are combined: training the combiner, and judging it."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np

from convert.conversion.card import card_of
from convert.conversion.quantize import QuantizeSettings, quantize
from convert.datasets import ravdess, ravdess_faces
from convert.datasets import speech_set as voices
from convert.evaluation.fusion import FusionVerdict, judge
from convert.evaluation.test_sets import test_sets
from convert.training import fusion as train_fusion
from convert.training.score_pairs import Scored, draw
from convert.zoo import Architecture, fusion, fusion_video
from edge.errors import DataError, MissingModelError, UsageError
from edge.models import Model, ModelCard, find, write_card
from edge.models.labels import FusionInputs

FACE_PART = "PublicTest"
CALIBRATION_PAIRS = 2000


def fuse(
    faces: Path,
    sound: Path,
    true_pairs: Path,
    fold: Path,
    face_model: str,
    speech_model: str,
    out: Path,
    run: Path,
    settings: train_fusion.FusionSettings,
) -> FusionVerdict:
    """Train the combiner into `run`, write `out` (int8, its card beside it), and judge it.

    fold: a fold of a speech network's run, judged by `edge-convert folds`; of its test actors
          those in `true_pairs` are kept for judging, and one more chooses the epoch
    Raises UsageError where an actor of `true_pairs` is not among them, MissingModelError for a
    fold that is not there.
    """
    face, speech, scorer = find(face_model), find(speech_model), _scorer(fold)
    seen = ravdess_faces.load(true_pairs)
    actors = _training_actors(fold, {take.take.actor for take in seen})
    architecture, inputs = _combiner(face.card)
    public = test_sets(face.card, faces, FACE_PART).at(0.0)
    spoken = [take for take in ravdess.clips(sound) if take.actor in actors]
    scored_speech = voices.load(spoken, scorer.card.features)
    print(f"voices of actors {actors}, faces of {FACE_PART}", file=sys.stderr)
    scored_faces, scored_voices = Scored.of(face, public), Scored.of(scorer, scored_speech)
    chooses = np.array([take.actor == actors[-1] for take in spoken])
    odd = np.arange(len(public)) % 2 == 1
    training = scored_faces.where(~odd), scored_voices.where(~chooses)
    with redirect_stdout(sys.stderr):
        train_fusion.train(
            architecture,
            inputs,
            training,
            (scored_faces.where(odd), scored_voices.where(chooses)),
            run,
            settings,
        )
    drawn = draw(*training, inputs, CALIBRATION_PAIRS, np.random.default_rng(settings.seed))
    quantize(
        run / "best.keras",
        architecture,
        drawn,
        out,
        QuantizeSettings(images=len(drawn), noise_share=0),
        inputs,
        train_fusion.provenance(_seen(face.card), actors[:-1]),
    )
    verdict = judge(seen, sound, face, speech, find(str(out)))
    write_card(card_of(out, verdict.figures()), out.with_suffix(".json"))
    return verdict


def _combiner(face: ModelCard) -> tuple[Architecture, FusionInputs]:
    """The one for this network's labels."""
    if face.sequence is not None:
        return fusion_video.FUSION_VIDEO, fusion_video.SENSES
    return fusion.FUSION, fusion.SENSES


def _seen(face: ModelCard) -> str:
    made = "courses made of " if face.sequence is not None else ""
    return f"{made}FER2013 {FACE_PART} faces"


def _scorer(fold: Path) -> Model:
    path = fold / "int8.tflite"
    if not path.is_file():
        raise MissingModelError(f"there is no {path}: judge the run with edge-convert folds first")
    return find(str(path))


def _training_actors(fold: Path, tested_actors: set[int]) -> tuple[int, ...]:
    """The fold's test actors without those that are `tested_actors`."""
    try:
        tested = set(json.loads((fold / "result.json").read_text())["test_actors"])
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{fold}/result.json cannot be read ({error}): train the fold") from error
    if not tested_actors < tested:
        names = ", ".join(map(str, sorted(tested_actors - tested) or sorted(tested_actors)))
        raise UsageError(
            f"actor {names} of the true takes was heard in {fold}'s training, or nobody else was "
            f"not: give the fold that tests on {names} and others"
        )
    return tuple(sorted(tested - tested_actors))
