"""int8 network or logistic model in NumPy: which combines face and voice better, and faster?

    python docs/decisions/0006_combiner.py FER2013.npz RAVDESS TRUE_PAIRS.npz RUN/fold_1

The logistic model works on the logarithms of both senses' scores, fitted by gradient descent to the
same pairs that the shipped combiner learned from; both are judged on made-up pairs of other people
and on the true takes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring.timing import interleave, ratio
from convert.datasets import fer2013, ravdess, ravdess_faces
from convert.datasets import speech_set as voices
from convert.evaluation.fusion import heard
from convert.predict import predict
from convert.training.score_pairs import Scored, draw
from convert.zoo.fusion import SENSES
from edge.models import find
from edge.models.classifier import Classifier
from edge.models.labels import SHARED, shared

STEPS, RATE, DECAY = 2000, 0.5, 1e-3


def logs(rows: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Log scores, 0 where a sense is absent, and the flags and a constant."""
    shares = rows / 255
    scores = np.log(shares[:, :-2] + 1 / 255)
    n_faces = len(SENSES.face_labels)
    scores[:, :n_faces] *= shares[:, -2:-1]
    scores[:, n_faces:] *= shares[:, -1:]
    return np.concatenate([scores, shares[:, -2:], np.ones((len(rows), 1))], axis=1)


def fitted(rows: NDArray[np.uint8], labels: NDArray[np.uint8]) -> NDArray[np.float64]:
    x, truth = logs(rows), np.eye(len(SHARED))[labels]
    weights = np.zeros((x.shape[1], len(SHARED)))
    for _ in range(STEPS):
        logits = x @ weights
        chances = np.exp(logits - logits.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        weights -= RATE / 20 * (x.T @ (chances - truth) / len(x) + DECAY * weights)
    return weights


def main() -> None:
    faces, sound, true_pairs, fold = map(Path, sys.argv[1:])
    seen = ravdess_faces.load(true_pairs)
    scorer, face, speech = find(str(fold / "int8.tflite")), find("cnn_lstm"), find("audio_crnn")
    spoken = [take for take in ravdess.clips(sound) if take.actor in (10, 11, 20, 21)]
    public = fer2013.load(faces).part("PublicTest")
    by_face = Scored.of(face, public)
    by_voice = Scored.of(scorer, voices.load(spoken, scorer.card.features))
    odd = np.arange(len(public)) % 2 == 1
    last = np.array([take.actor == 21 for take in spoken])
    rng = np.random.default_rng(7)
    training = draw(by_face.where(~odd), by_voice.where(~last), SENSES, 20_000, rng)
    made_up = draw(by_face.where(odd), by_voice.where(last), SENSES, 4000, rng, absent=0)
    weights = fitted(training.images, training.labels)
    fusion = find("fusion")
    truth = np.array([SHARED.index(shared(take.take.emotion)) for take in seen])
    face_scores = [predict(face, take.faces).mean(axis=0) for take in seen]
    voice_scores = predict(speech, voices.load(heard(seen, sound), speech.card.features).images)
    true = np.stack([SENSES.row(*pair) for pair in zip(face_scores, voice_scores, strict=True)])
    for name, rows, labels in (
        ("made-up pairs", made_up.images, made_up.labels),
        ("true takes", true, truth),
    ):
        network = (predict(fusion, rows).argmax(axis=1) == labels).mean()
        logistic = ((logs(rows) @ weights).argmax(axis=1) == labels).mean()
        print(f"{name} ({len(rows)}): int8 network {network:.4f}, logistic {logistic:.4f}")
    with Classifier(fusion) as classifier:
        row = true[0]
        timed = interleave(
            {
                "int8 network": lambda: classifier.classify(row),
                "logistic": lambda: logs(row[None]) @ weights,
            },
            rounds=2000,
            warmups=50,
        )
    found = ratio(*timed.values())
    for name, measured in timed.items():
        print(f"{name}: {1000 * measured.median:.1f} µs")
    print(f"int8 network : logistic {found.value:.2f} [{found.low:.2f}, {found.high:.2f}]")


if __name__ == "__main__":
    main()
