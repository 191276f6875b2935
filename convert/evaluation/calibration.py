"""What a network's scores mean: a temperature, a floor, and how far off they still are.

Both are chosen on PublicTest and judged on PrivateTest, by the int8 file as a device runs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.datasets import fer2013, nonface
from convert.datasets.face_set import FaceSet
from convert.evaluation.passport import passport
from convert.predict import Progress, predict
from edge.models import Figure, Model, ModelCard
from edge.models.card import Calibration

PRECISION = 0.80
"""How often what is said is to be right."""
BINS = 15
TEMPERATURES = np.geomspace(0.2, 5, 161)
_LEAST = 1 / 512
"""Half of what an int8 score can say at least: no score is surer than that of being nil."""

Scores = NDArray[np.float32]
Labels = NDArray[np.uint8]


def calibrated(path: Path, card: ModelCard, data: Path, patches: Path | None) -> ModelCard:
    """`card` with its calibration and figures where it is a face network's, else as it is.

    path: the .tflite; data: FER2013; patches: an .npz without faces, whose test half is judged
    """
    if card.modality != "face":
        return card
    faces = fer2013.load(data)
    others = nonface.as_faces(nonface.load(patches, "test")) if patches is not None else None
    calibration, figures = calibrate(
        Model(path, card), faces.part("PublicTest"), faces.part("PrivateTest"), others
    )
    figures = card.figures + figures + passport(Model(path, card), faces.part("PrivateTest"))
    return card.model_copy(update={"calibration": calibration, "figures": figures})


def calibrate(
    model: Model,
    chosen_on: FaceSet,
    judged_on: FaceSet,
    nonfaces: NDArray[np.uint8] | None = None,
    progress: Progress = lambda n: None,
) -> tuple[Calibration, tuple[Figure, ...]]:
    """The calibration of `model` and the figures that say what it is worth.

    nonfaces: uint8 (n, 48, 48) without a face, for the share of them that gets a label
    """
    plain = replace(model, card=model.card.model_copy(update={"calibration": None}))
    seen = predict(plain, chosen_on.images, progress)
    temperature = fitted_temperature(seen, chosen_on.labels)
    floor = floor_for(sharpened(seen, temperature), chosen_on.labels)
    raw = predict(plain, judged_on.images, progress)
    sure = sharpened(raw, temperature)
    said = sure.max(axis=1) >= floor
    right = sure.argmax(axis=1) == judged_on.labels
    coverage = {
        label: round(float(said[judged_on.labels == number].mean()), 4)
        for number, label in enumerate(model.card.labels)
    }
    protocol = (
        f"temperature and floor chosen on {len(chosen_on)} PublicTest faces, coverage of "
        f"{len(judged_on)} PrivateTest faces, against the FER2013 labels"
    )
    values = {
        "int8 ECE before calibration": expected_calibration_error(raw, judged_on.labels),
        "int8 ECE": expected_calibration_error(sure, judged_on.labels),
        "int8 share said": float(said.mean()),
        "int8 right of what is said": float(right[said].mean()) if said.any() else 0.0,
    }
    if nonfaces is not None:
        answers = sharpened(predict(plain, nonfaces, progress), temperature)
        values["int8 share said of patches without a face"] = float(
            (answers.max(axis=1) >= floor).mean()
        )
    figures = [
        Figure(name=name, value=round(value, 4), protocol=f"{protocol}; ECE over {BINS} bins")
        for name, value in values.items()
    ]
    calibration = Calibration(
        temperature=round(temperature, 4),
        floor=round(floor, 4),
        precision=PRECISION,
        coverage=coverage,
        protocol=protocol,
    )
    return calibration, tuple(figures)


def sharpened(scores: Scores, temperature: float) -> Scores:
    """p ** (1 / temperature), made to sum to 1, as the device's classifier does it."""
    powers = scores ** np.float32(1 / temperature)
    result: Scores = powers / powers.sum(axis=1, keepdims=True)
    return result


def fitted_temperature(scores: Scores, labels: Labels) -> float:
    """The one of `TEMPERATURES` under which the labels are likeliest."""

    def loss(temperature: float) -> float:
        of_label = sharpened(scores, temperature)[np.arange(len(labels)), labels]
        return float(-np.log(np.maximum(of_label, _LEAST)).mean())

    return float(min(TEMPERATURES, key=loss))


def floor_for(confident: Scores, labels: Labels, precision: float = PRECISION) -> float:
    """The lowest confidence above which `precision` of what is said is right; 0.99 for none."""
    confidences = confident.max(axis=1)
    surest_first = np.argsort(-confidences, kind="stable")
    right = (confident.argmax(axis=1) == labels)[surest_first]
    precisions = np.cumsum(right) / np.arange(1, len(right) + 1)
    enough = np.flatnonzero(precisions >= precision)
    return float(confidences[surest_first][enough[-1]]) if len(enough) else 0.99


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
