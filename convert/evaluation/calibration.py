"""What a network's scores mean: a temperature, offsets, a floor, and how far off they still are.

All are chosen on PublicTest and judged on PrivateTest, by the int8 file as a device runs it,
against what most of FER+'s voters saw: the FER2013 labels, found by search words, say neutral of
0.17 of the faces where the voters say it of 0.33, and people should be told what people see.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.datasets import fer2013, nonface
from convert.datasets.face_set import FaceSet
from convert.evaluation.passport import passport, passport_as_calibrated
from convert.predict import Progress, predict
from edge.models import Figure, Model, ModelCard
from edge.models.card import Calibration
from edge.models.recalibration import PRECISION, adjustment, floor_for

NONFACES_SAID = 0.03
"""Of the patches without a face on which the floor is chosen: so many at most get a label."""
BINS = 15

Scores = NDArray[np.floating[Any]]
Labels = NDArray[np.integer[Any]]


def calibrated(path: Path, card: ModelCard, data: Path, patches: Path | None) -> ModelCard:
    """`card` with its calibration and figures where it is a face network's, else as it is.

    path: the .tflite; data: FER2013; patches: an .npz without faces, in halves as the faces
    """
    if card.modality != "face":
        return card
    faces = fer2013.load(data)
    halves = (
        [nonface.as_faces(nonface.load(patches, half)) for half in nonface.HALVES]
        if patches is not None
        else None
    )
    judged_on = faces.part("PrivateTest")
    calibration, figures = calibrate(Model(path, card), faces.part("PublicTest"), judged_on, halves)
    figures = card.figures + figures + passport(Model(path, card), judged_on)
    card = card.model_copy(update={"calibration": calibration, "figures": figures})
    if judged_on.votes is None:
        return card
    said = passport_as_calibrated(Model(path, card), judged_on.as_voted())
    return card.model_copy(update={"figures": figures + said})


def calibrate(
    model: Model,
    chosen_on: FaceSet,
    judged_on: FaceSet,
    nonfaces: Sequence[NDArray[np.uint8]] | None = None,
    progress: Progress = lambda n: None,
) -> tuple[Calibration, tuple[Figure, ...]]:
    """The calibration of `model` and the figures that say what it is worth.

    nonfaces: two of uint8 (n, 48, 48) without a face: the floor leaves few of the first with a
        label, and the second says how few
    """
    plain = model.uncalibrated()
    against = "the FER2013 labels" if chosen_on.votes is None else "what most FER+ voters saw"
    chosen_on, judged_on = chosen_on.as_voted(), judged_on.as_voted()
    seen = predict(plain, chosen_on.images, progress)
    correction = adjustment(seen, chosen_on.labels)
    floor = floor_for(correction.apply(seen), chosen_on.labels)
    if nonfaces is not None:
        answers = correction.apply(predict(plain, nonfaces[0], progress)).max(axis=1)
        floor = max(floor, float(np.quantile(answers, 1 - NONFACES_SAID)))
    raw = predict(plain, judged_on.images, progress)
    sure = correction.apply(raw)
    said = sure.max(axis=1) >= floor
    right = sure.argmax(axis=1) == judged_on.labels
    coverage = {
        label: round(float(said[judged_on.labels == number].mean()), 4)
        for number, label in enumerate(model.card.labels)
    }
    protocol = (
        f"temperature, offsets and floor chosen on {len(chosen_on)} PublicTest faces, coverage of "
        f"{len(judged_on)} PrivateTest faces, against {against}"
    )
    values = {
        "int8 accuracy as calibrated": float(right.mean()),
        "int8 ECE before calibration": expected_calibration_error(raw, judged_on.labels),
        "int8 ECE": expected_calibration_error(sure, judged_on.labels),
        "int8 share said": float(said.mean()),
        "int8 right of what is said": float(right[said].mean()) if said.any() else 0.0,
    }
    if nonfaces is not None:
        answers = correction.apply(predict(plain, nonfaces[1], progress))
        values["int8 share said of patches without a face"] = float(
            (answers.max(axis=1) >= floor).mean()
        )
    figures = [
        Figure(name=name, value=round(value, 4), protocol=f"{protocol}; ECE over {BINS} bins")
        for name, value in values.items()
    ]
    calibration = Calibration(
        temperature=round(correction.temperature, 4),
        offsets={
            label: round(float(offset), 4)
            for label, offset in zip(model.card.labels, correction.offsets, strict=True)
        },
        floor=round(floor, 4),
        precision=PRECISION,
        coverage=coverage,
        protocol=protocol,
    )
    return calibration, tuple(figures)


def expected_calibration_error(confident: Scores, labels: Labels, bins: int = BINS) -> float:
    """The mean distance of confidence and accuracy over equal bins of confidence, weighted by
    their faces (Guo et al. 2017)."""
    confidences, right = confident.max(axis=1), confident.argmax(axis=1) == labels
    places = np.minimum((confidences * bins).astype(int), bins - 1)
    return sum(_gaps(confidences, right, places, range(bins))) / len(labels)


def _gaps(
    confidences: NDArray[np.float32],
    right: NDArray[np.bool_],
    places: NDArray[np.int_],
    bins: Sequence[int],
) -> list[float]:
    inside = [places == number for number in bins]
    return [abs(float(confidences[one].sum()) - float(right[one].sum())) for one in inside]
