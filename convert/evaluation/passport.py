"""What a network is worth in the conditions in which a face is met: for cards, and for anybody's.

The whole table, with the papers' ten levels, is `edge-bench run noise`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.datasets.face_set import FaceSet
from convert.evaluation.corruptions import BEYOND, CLEAN, NOISE_SEEDS, Corruption, jitter, noise
from convert.metrics import ClassScores, class_scores, wilson
from convert.predict import predict
from edge.models import Figure, Model

SHOWN = ("low light 0.25", "low light 0.1", "blur 1 px", "face of 24 px", "JPEG quality 20")
COVERED = ("mask", "dark glasses", "hand", "turned 15°", "turned 30°")
NOISE = 0.30
JITTER = 0.08
SEED = 7
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """drawn: the scores of each seed of a noise, or the only ones; changed: the share of the
    pictures that get another label than as they are, over all draws"""

    name: str
    drawn: tuple[ClassScores, ...]
    changed: float

    @property
    def accuracy(self) -> float:
        return float(np.mean([scores.accuracy for scores in self.drawn]))

    @property
    def deviation(self) -> float | None:
        """Of the accuracy, from seed to seed; None where nothing is drawn."""
        accuracies = [scores.accuracy for scores in self.drawn]
        return float(np.std(accuracies, ddof=1)) if len(accuracies) > 1 else None

    @property
    def recalls(self) -> NDArray[np.float64]:
        """(n_classes,): the mean over the draws; nan for a class without a picture."""
        return np.asarray(np.mean([scores.recalls for scores in self.drawn], axis=0))

    @property
    def pictures(self) -> NDArray[np.int64]:
        """(n_classes,), each counted once."""
        return np.asarray(self.drawn[0].confusion.sum(axis=1))


def conditions(
    model: Model,
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    progress: Progress = lambda done, total: None,
) -> Iterator[Condition]:
    """Each condition of a card, clean first.

    images: uint8 (n, height, width) or (n, height, width, 3), of any size; a network for video
        is given each as a face that does not move
    """
    rng = np.random.default_rng(SEED)
    frames = model.card.sequence.frames if model.card.sequence is not None else 0
    asked: list[tuple[str, tuple[Corruption, ...]]] = [
        ("clean", (CLEAN,)),
        (f"noise {NOISE:g}", tuple(noise(NOISE, seed) for seed in NOISE_SEEDS)),
        *((one.name, (one,)) for one in BEYOND if one.name in SHOWN + COVERED),
        (f"box jitter {JITTER:.0%}", (jitter(JITTER),)),
    ]
    total = sum(len(repeats) for _, repeats in asked)

    def named(corruption: Corruption) -> NDArray[np.int_]:
        changed = corruption.apply(images, rng)
        given = np.repeat(changed[:, None], frames, axis=1) if frames else changed
        progress(1, total)
        return np.asarray(predict(model, given).argmax(axis=1))

    n = len(model.card.labels)
    before: NDArray[np.int_] = np.zeros(0, np.int_)
    for name, repeats in asked:
        answers = [named(corruption) for corruption in repeats]
        before = before if len(before) else answers[0]
        scores = tuple(class_scores(labels, one, n) for one in answers)
        yield Condition(name, scores, float(np.mean([(one != before).mean() for one in answers])))


def passport(model: Model, faces: FaceSet) -> tuple[Figure, ...]:
    """Accuracies of the int8 `model` on changed `faces` of PrivateTest, and how often its label
    changes when the box is cut otherwise."""
    of = f"FER2013 PrivateTest, {len(faces)} faces against the FER2013 labels"
    of_noise = (
        f"int8 accuracy at noise {NOISE:g}, mean of seeds",
        f"int8 accuracy at noise {NOISE:g}",
    )
    return _figures(_in_conditions(model.uncalibrated(), faces, of, of_noise, ""))


def passport_as_calibrated(model: Model, faces: FaceSet) -> tuple[Figure, ...]:
    """The same as the device says it, with the calibration on the card of the int8 `model`.

    faces: PrivateTest, labelled by what most voters saw
    """
    of = (
        f"FER2013 PrivateTest, {len(faces)} faces against what most FER+ voters saw, with the "
        "temperature and offsets of the card"
    )
    mark = " as calibrated"
    name = f"int8 accuracy{mark}, noise {NOISE:g}"
    found = _in_conditions(model, faces, of, (name, name), mark)
    said = f"{_moved(of)}; of the faces that got a label above the floor as they are"
    other = _became_another(model, faces.images)
    return _figures([*found, (f"int8 another label, box jitter {JITTER:.0%}", other, said)])


def _in_conditions(
    model: Model, faces: FaceSet, of: str, of_noise: tuple[str, str], mark: str
) -> list[tuple[str, float, str]]:
    """Name, value and protocol of each condition; of_noise: the mean's name, and the deviation's
    but for that word."""
    _, noisy, *beyond, cut = conditions(model, faces.images, faces.labels)
    seeds = f"{of}; noise of {len(noisy.drawn)} seeds"
    return [
        (of_noise[0], noisy.accuracy, seeds),
        (f"{of_noise[1]}, deviation", noisy.deviation or 0.0, seeds),
        *((f"int8 accuracy{mark}, {one.name}", one.accuracy, of) for one in beyond),
        (f"int8 labels changed{mark}, box jitter {JITTER:.0%}", cut.changed, _moved(of)),
    ]


def _moved(of: str) -> str:
    return f"{of}; the box moved and scaled by up to {JITTER:.0%}, evenly drawn"


def _became_another(model: Model, images: NDArray[np.uint8]) -> float:
    """Of the labels above the card's floor, the share that a moved box turns into another such."""
    floor = model.card.calibration.floor if model.card.calibration is not None else 0.0
    whole = predict(model, images)
    moved = predict(model, jitter(JITTER).apply(images, np.random.default_rng(SEED)))
    said = whole.max(axis=1) >= floor
    other = (moved.argmax(axis=1) != whole.argmax(axis=1)) & (moved.max(axis=1) >= floor)
    return float(other[said].mean()) if said.any() else 0.0


def _figures(found: list[tuple[str, float, str]]) -> tuple[Figure, ...]:
    return tuple(
        Figure(name=name, value=round(float(value), 4), protocol=protocol)
        for name, value, protocol in found
    )


def table(found: list[Condition], label_names: tuple[str, ...]) -> Iterator[str]:
    """A line a condition: accuracy with its 95 % interval, labels changed, each class's recall."""
    names = ", ".join(label_names)
    yield f"{'condition':<16} accuracy  [95 % interval]  changed  recall of {names}"
    for one in found:
        low, high = wilson(one.accuracy, int(one.pictures.sum()))
        spread = f" ± {one.deviation:.3f} over seeds" if one.deviation is not None else ""
        by_class = zip(one.recalls, one.pictures, strict=True)
        recalls = "  ".join(_with_interval(recall, int(n)) for recall, n in by_class)
        yield (
            f"{one.name:<16} {one.accuracy:.3f}     [{low:.3f}, {high:.3f}]   {one.changed:.3f}"
            f"    {recalls}{spread}"
        )


def _with_interval(recall: float, n: int) -> str:
    if not n:
        return "-"
    low, high = wilson(recall, n)
    return f"{recall:.2f} [{low:.2f}, {high:.2f}]"


def as_dicts(found: list[Condition], label_names: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        {
            "condition": one.name,
            "accuracy": one.accuracy,
            "interval": list(wilson(one.accuracy, int(one.pictures.sum()))),
            "deviation": one.deviation,
            "changed": one.changed,
            "recalls": {
                label: {"recall": float(recall), "interval": list(wilson(float(recall), int(n)))}
                for label, recall, n in zip(label_names, one.recalls, one.pictures, strict=True)
                if n
            },
        }
        for one in found
    ]
