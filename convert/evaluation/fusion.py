"""What fusion is worth: on takes in which one person is seen and heard saying one thing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.datasets import ravdess
from convert.datasets import speech_set as voices
from convert.datasets.ravdess_faces import FaceClip
from convert.evaluation.ravdess_clips import by_take
from convert.metrics import ClassScores, class_scores, wilson
from convert.predict import predict
from edge.errors import DataError
from edge.models import Figure, Model, ModelCard
from edge.models.labels import SHARED, shared

_FACE, _VOICE, _BOTH = "face alone", "voice alone", "face and voice"
_FACE_ABSENT, _VOICE_ABSENT = "combiner, face absent", "combiner, voice absent"


@dataclass(frozen=True, slots=True)
class FusionVerdict:
    """Each way of judging → its scores over the same takes, on `SHARED`'s labels.

    looked_at: what of a take the network for faces was shown
    networks: the two that saw and heard, each as `version` tells it
    """

    clips: int
    actors: tuple[int, ...]
    ways: dict[str, ClassScores]
    looked_at: str
    networks: str

    @property
    def gain(self) -> float:
        """Of both over the better single sense, in accuracy."""
        single = max(self.ways[_FACE].accuracy, self.ways[_VOICE].accuracy)
        return self.ways[_BOTH].accuracy - single

    def as_dict(self) -> dict[str, Any]:
        return {
            "takes": self.clips,
            "actors": list(self.actors),
            "ways": {
                way: {"accuracy": scores.accuracy, "uar": scores.uar, "macro_f1": scores.macro_f1}
                for way, scores in self.ways.items()
            },
            "gain": self.gain,
        }

    def lines(self) -> Iterator[str]:
        actors = ", ".join(f"{actor:02}" for actor in self.actors)
        yield f"{self.clips} takes of actor {actors}; 95 % interval after Wilson"
        yield f"{'':<24}{'accuracy':<28}{'UAR':<10}macro F1"
        for way, scores in self.ways.items():
            low, high = wilson(scores.accuracy, self.clips)
            spread = f"{scores.accuracy:.4f} [{low:.3f}, {high:.3f}]"
            yield f"{way:<24}{spread:<28}{scores.uar:<10.4f}{scores.macro_f1:.4f}"
        yield f"gain over the better single sense: {self.gain:+.4f}"

    def figures(self) -> tuple[Figure, ...]:
        actors = ", ".join(f"{actor:02}" for actor in self.actors)
        protocol = (
            f"{self.clips} true takes of RAVDESS actor {actors}, whom no network heard or saw in "
            f"training: the mean of {self.looked_at} a take, the loudest window of its voice; "
            f"{len(SHARED)} shared labels; {self.networks}"
        )
        return tuple(
            Figure(name=f"int8 accuracy, {way}", value=round(scores.accuracy, 4), protocol=protocol)
            for way, scores in self.ways.items()
        )


def judge(
    seen: Sequence[FaceClip], sound: Path, face: Model, speech: Model, fusion: Model
) -> FusionVerdict:
    """Judge all three models on the takes `seen`, whose sound is in the folder `sound`.

    Raises DataError where a take has no sound.
    """
    by_face = by_take(face, seen)
    spoken = voices.load(spoken_clips(seen, sound), speech.card.features)
    by_voice = predict(speech, spoken.images)
    inputs = fusion.card.inputs
    truth = np.array([SHARED.index(shared(take.take.emotion)) for take in seen], np.uint8)

    def combined(faces: bool, voices: bool) -> NDArray[np.float32]:
        rows = [
            inputs.row(one if faces else None, other if voices else None)
            for one, other in zip(by_face, by_voice, strict=True)
        ]
        return predict(fusion, np.stack(rows))

    answers = {
        _FACE: _in_shared(face, by_face),
        _VOICE: _in_shared(speech, by_voice),
        _BOTH: combined(True, True),
        _VOICE_ABSENT: combined(True, False),
        _FACE_ABSENT: combined(False, True),
    }
    ways = {
        way: class_scores(truth, scores.argmax(axis=1), len(SHARED))
        for way, scores in answers.items()
    }
    actors = tuple(sorted({take.take.actor for take in seen}))
    looked_at = "20 faces" if face.card.sequence is None else "its courses of faces"
    networks = f"{version(face.card)}, {version(speech.card)}"
    return FusionVerdict(len(seen), actors, ways, looked_at, networks)


def version(card: ModelCard) -> str:
    """The network's name and what tells its scores from another version's, calibrated or not.

    A combiner is worth what it says with the networks that it learned from, and no others.
    """
    calibration = card.calibration
    adjusted = (calibration.temperature, sorted(calibration.offsets.items())) if calibration else ()
    digest = hashlib.sha256(f"{card.sha256} {adjusted}".encode()).hexdigest()
    return f"{card.name} {digest[:8]}"


def spoken_clips(seen: Sequence[FaceClip], sound: Path) -> list[ravdess.Clip]:
    """The spoken takes of the same words, in the same order."""
    by_words = {take.path.stem[3:]: take for take in ravdess.clips(sound)}
    missing = [take.take.path.stem for take in seen if take.take.path.name[3:] not in by_words]
    if missing:
        raise DataError(f"the take {missing[0]} has no sound in {sound}: give all of RAVDESS")
    return [by_words[take.take.path.name[3:]] for take in seen]


def _in_shared(model: Model, scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, len(SHARED)): the scores of labels that are one there added up."""
    columns = [SHARED.index(shared(label)) for label in model.card.labels]
    summed = np.zeros((len(scores), len(SHARED)), np.float32)
    for column, source in zip(columns, scores.T, strict=True):
        summed[:, column] += source
    return summed
