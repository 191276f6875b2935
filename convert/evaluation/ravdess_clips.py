"""What a network makes of RAVDESS's takes with faces: one answer a take."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from convert.datasets import ravdess
from convert.datasets.ravdess_faces import FaceClip, sequences
from convert.evaluation.compare import Comparison
from convert.metrics import class_scores
from convert.predict import predict
from edge.errors import UsageError
from edge.models import Model


def by_take(model: Model, clips: Sequence[FaceClip]) -> NDArray[np.float32]:
    """float32 (n_takes, n_classes): the mean of what `model` says of a take's pictures, or of its
    courses where it sees courses."""
    sequence = model.card.sequence
    seen = [take.faces if sequence is None else sequences(take, sequence) for take in clips]
    scores = predict(model, np.concatenate(seen))
    ends = np.cumsum([len(pictures) for pictures in seen])[:-1]
    return np.stack([part.mean(axis=0) for part in np.split(scores, ends)])


def compare_on_clips(float32: Model, int8: Model, clips: Sequence[FaceClip]) -> Comparison:
    """Both networks of one make, on takes that neither saw in training.

    Raises UsageError where they name other labels than RAVDESS.
    """
    if int8.card.labels != ravdess.LABELS:
        raise UsageError(
            f"{int8.card.name} names {', '.join(int8.card.labels)} and the takes are labelled "
            f"{', '.join(ravdess.LABELS)}: leave the takes out"
        )
    truth = np.array([take.take.label for take in clips], np.uint8)
    said = [by_take(model, clips).argmax(axis=1) for model in (float32, int8)]
    by_float, by_int8 = (class_scores(truth, answers, len(ravdess.LABELS)) for answers in said)
    agreement = float((said[0] == said[1]).mean())
    return Comparison(0.0, ravdess.LABELS, by_float, by_int8, agreement)
