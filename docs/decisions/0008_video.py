"""Does the course of a face tell more than its pictures, and what does it cost?

    python docs/decisions/0008_video.py VIDEO_RESGRU.tflite TRUE_TAKES.npz

The same int8 network is shown the true takes as they went, with their pictures in a random
order, and with each picture held still; `cnn_lstm` and `edge_net` are shown the pictures one by
one. All answer by the mean over a take, on the seven labels that both sets share. The time is of a
call of `cnn_lstm` and of this one.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring.timing import interleave, ratio
from convert.datasets import ravdess_faces
from convert.datasets.ravdess_faces import FaceClip, sequences
from convert.evaluation.ravdess_clips import by_take
from convert.metrics import ClassScores, class_scores, wilson
from convert.predict import predict
from edge.models import Model, find
from edge.models.classifier import Classifier
from edge.models.labels import SHARED, shared
from edge.vision.preprocess import Preprocessor
from edge.vision.sequence_settings import SequenceSettings


def held(take: FaceClip, settings: SequenceSettings) -> NDArray[np.uint8]:
    """Each picture of the take as a course that does not move."""
    prepared = np.stack([Preprocessor(settings).normalise(face) for face in take.faces])
    return np.repeat(prepared[:, None], settings.frames, axis=1)


def shuffled(take: FaceClip, settings: SequenceSettings) -> NDArray[np.uint8]:
    order = np.random.default_rng(7).permutation(len(take.faces))
    return sequences(FaceClip(take.take, take.faces[order]), settings)


def judged(model: Model, scores: NDArray[np.float32], clips: list[FaceClip]) -> ClassScores:
    columns = [SHARED.index(shared(name)) for name in model.card.labels]
    summed = np.zeros((len(clips), len(SHARED)), np.float32)
    for column, source in zip(columns, scores.T, strict=True):
        summed[:, column] += source
    truth = np.array([SHARED.index(shared(take.take.emotion)) for take in clips], np.uint8)
    return class_scores(truth, summed.argmax(axis=1), len(SHARED))


def main() -> None:
    video, singles = find(sys.argv[1]), (find("cnn_lstm"), find("edge_net"))
    clips = ravdess_faces.load(Path(sys.argv[2]))
    sequence = video.card.sequence
    assert sequence is not None, "give a network for video"
    ways = {"as they went": by_take(video, clips)}
    for name, shown in (("in a random order", shuffled), ("each picture held still", held)):
        said = [predict(video, shown(take, sequence)).mean(axis=0) for take in clips]
        ways[name] = np.stack(said)
    print("| shown | accuracy [95 %] | UAR | macro F1 |\n|---|---|---|---|")
    for name, model, scores in (
        *((f"`{video.card.name}`, {way}", video, said) for way, said in ways.items()),
        *((f"`{one.card.name}`, picture by picture", one, by_take(one, clips)) for one in singles),
    ):
        found = judged(model, scores, clips)
        low, high = wilson(found.accuracy, len(clips))
        spread = f"{found.accuracy:.3f} [{low:.3f}, {high:.3f}]"
        print(f"| {name} | {spread} | {found.uar:.3f} | {found.macro_f1:.3f} |")
    print("\nas they went, true label: answers")
    answers: dict[str, list[str]] = {}
    for take, scores in zip(clips, ways["as they went"], strict=True):
        answers.setdefault(take.take.emotion, []).append(video.card.labels[int(scores.argmax())])
    for name, said in answers.items():
        print(f"  {name}: {', '.join(f'{n} {one}' for one, n in Counter(said).most_common())}")
    first = sequences(clips[0], sequence)[0]
    with Classifier(video) as sequence, Classifier(singles[0]) as picture:
        timed = interleave(
            {
                video.card.name: lambda: sequence.classify(first),
                "cnn_lstm": lambda: picture.classify(clips[0].faces[0]),
            },
            rounds=300,
            warmups=20,
        )
    print()
    for measured in timed.values():
        print(f"{measured.name}: {measured.median:.2f} ms a call")
    found = ratio(timed[video.card.name], timed["cnn_lstm"])
    print(f"ratio {found.value:.2f} [{found.low:.2f}, {found.high:.2f}]")


if __name__ == "__main__":
    main()
