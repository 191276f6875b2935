"""What a network's answers on labelled pictures say against it, whatever its accuracy is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.conversion.input_scaling import best_order
from convert.metrics import ClassScores, class_scores, wilson

ORDER_GAIN = 0.10
"""Another order of the labels is named where it is better by this much, and better than the
best order of `SHUFFLES` shuffles."""
SHUFFLES = 200
Z = 2.58
"""Above chance is what 99 % of the samples would be."""


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """outputs: float32 (n, n_classes), as the file gives them; labels: (n,) into `label_names`"""

    outputs: NDArray[np.float32]
    labels: NDArray[np.uint8]
    label_names: tuple[str, ...]
    as_logits: bool = False
    """Whether the card says that they are logits."""

    @property
    def scores(self) -> ClassScores:
        return class_scores(self.labels, self.outputs.argmax(axis=1), len(self.label_names))


def complaints(answers: Answers) -> list[str]:
    """A sentence for each thing that is wrong: no probabilities, another order, chance level."""
    found = [*_about_outputs(answers)]
    order = list(_about_order(answers))
    # What is at chance only for its order is told its order.
    return found + (order or list(_about_chance(answers)))


def _about_outputs(answers: Answers) -> Iterator[str]:
    outputs = answers.outputs
    if not np.isfinite(outputs).all():
        yield "some outputs are no numbers: the network overflows on these pictures"
    elif not answers.as_logits:
        sums = outputs.sum(axis=1)
        if outputs.min() < -1e-3 or abs(float(np.median(sums)) - 1) > 0.1:
            yield (
                f"its outputs are no probabilities (from {outputs.min():.3g} to "
                f"{outputs.max():.3g}, their sums about {np.median(sums):.3g}): the network lacks "
                "its softmax, import it with --output logits"
            )


def _about_order(answers: Answers) -> Iterator[str]:
    scores, n = answers.scores, len(answers.labels)
    order = best_order(scores.confusion)
    share = _share(scores, order)
    low, _ = wilson(share, n)
    _, high = wilson(scores.accuracy, n)
    better = share - scores.accuracy > ORDER_GAIN and low > high
    if better and share > _best_by_luck(answers):
        names = ",".join(answers.label_names[i] for i in order)
        yield (
            f"with its labels in another order its accuracy is {share:.3f}, not "
            f"{scores.accuracy:.3f}: it was probably trained as --labels {names}"
        )


def _share(scores: ClassScores, order: NDArray[np.int64]) -> float:
    """The accuracy where output i means label `order[i]`."""
    hits = scores.confusion[order, np.arange(len(order))].sum()
    return float(hits / scores.confusion.sum())


def _best_by_luck(answers: Answers) -> float:
    """What the best of all orders reaches where outputs and labels have nothing in common.

    n labels have n! orders, so that the best of them is above chance by itself.
    """
    rng = np.random.default_rng(7)
    said, n = answers.outputs.argmax(axis=1), len(answers.label_names)
    reached = []
    for _ in range(SHUFFLES):
        scores = class_scores(rng.permutation(answers.labels), said, n)
        reached.append(_share(scores, best_order(scores.confusion)))
    return max(reached)


def _about_chance(answers: Answers) -> Iterator[str]:
    scores, n = answers.scores, len(answers.labels)
    there = np.bincount(answers.labels, minlength=len(answers.label_names))
    known = int((there > 0).sum())
    if known < 2:
        name = answers.label_names[int(there.argmax())]
        yield (
            f"all {n} pictures are of {name}, so that knowing it cannot be told from always saying "
            "it: give pictures of two labels or more"
        )
        return
    chance = 1 / known
    with np.errstate(invalid="ignore"):
        recalls = scores.recalls
        error = float(np.sqrt(np.nansum(recalls * (1 - recalls) / there))) * chance
    if scores.uar - Z * error <= chance:
        yield (
            f"it is at chance level: its mean recall is {scores.uar:.3f} ± {Z * error:.3f} on "
            f"{n} pictures and guessing has {chance:.3f}; see that its scaling, colours and labels "
            "are those it was trained with"
        )


def table(scores: ClassScores, label_names: tuple[str, ...]) -> Iterator[str]:
    """A line a class: its pictures, its recall with the 95 % interval, what it is mistaken for."""
    yield "label        pictures  recall  [95 % interval]   most often read as"
    for row, label in enumerate(label_names):
        counts = scores.confusion[row]
        n = int(counts.sum())
        if not n:
            yield f"{label:<12} {0:>8}  no picture of it"
            continue
        recall = float(counts[row] / n)
        low, high = wilson(recall, n)
        read = label_names[int(counts.argmax())]
        yield f"{label:<12} {n:>8,}  {recall:.3f}   [{low:.3f}, {high:.3f}]    {read}"


def as_dict(answers: Answers) -> dict[str, Any]:
    scores = answers.scores
    return {
        "pictures": len(answers.labels),
        "accuracy": scores.accuracy,
        "interval": list(wilson(scores.accuracy, len(answers.labels))),
        "uar": scores.uar,
        "labels": list(answers.label_names),
        "confusion": scores.confusion.tolist(),
    }
