"""What a person's own faces say of a network's scores: a temperature and an offset a label.

Fitted on the scores that the device gives, so that it goes on top of the card's calibration. Few
pictures move little: both are pulled towards leaving everything as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.floating[Any]]
"""(n, n_classes), each row a probability."""
Labels = NDArray[np.integer[Any]]
Groups = NDArray[np.int_]
"""(n,): pictures of one sitting have one number."""
SLOPE_DEVIATION = 0.5
OFFSET_DEVIATION = 1.0
"""What is expected of them before a picture is seen, in natural logarithms."""
MIN_SLOPE, MAX_SLOPE = 0.2, 5.0
MAX_OFFSET = 5.0
SURE = 1.64
"""A gain counts that 95 % of the samples would show."""
PRECISION = 0.80
"""How often what is said is to be right."""
LEAST_GAIN = 0.01
"""Of log loss: less is nothing that anybody would see."""
_LEAST = 1 / 512
"""Half of what an int8 score can say at least."""
_STEPS = 40


@dataclass(frozen=True, slots=True, eq=False)
class Adjustment:
    """A score p becomes (p * e ** offset) ** (1 / temperature), of a sum of 1; offsets: (n,)"""

    temperature: float
    offsets: NDArray[np.float64]

    def apply(self, scores: Scores) -> Scores:
        return _softmax((_logs(scores) + self.offsets) / self.temperature)


@dataclass(frozen=True, slots=True)
class Gain:
    """On pictures that were left out of the fit, before and after it; losses are the mean of
    -ln of the true label's score.

    sure:     the least that the loss is lower by, by 95 %
    floor:    the lowest confidence above which `PRECISION` of them were named rightly
    coverage: (n_classes,) of each label's pictures, the share above the floor
    """

    pictures: int
    accuracy_before: float
    accuracy_after: float
    loss_before: float
    loss_after: float
    sure: float
    floor: float
    coverage: tuple[float, ...]

    @property
    def helps(self) -> bool:
        return self.sure > LEAST_GAIN and self.accuracy_after >= self.accuracy_before


def adjustment(scores: Scores, labels: Labels) -> Adjustment:
    """The one under which `labels` are likeliest: a logistic regression of one slope and an
    intercept a label that is there; labels without a picture stay as they are."""
    there = np.unique(labels)
    logs, truth = _logs(scores)[:, there], np.searchsorted(there, labels)
    n, k = logs.shape
    known = np.eye(k)[truth]
    expected = np.concatenate([[1.0], np.zeros(k)])
    pull = np.array([SLOPE_DEVIATION**-2.0, *([OFFSET_DEVIATION**-2.0] * k)])
    # How the logits change with the slope and each intercept: (n, k, 1 + k).
    change = np.concatenate(
        [logs[..., None], np.broadcast_to(np.eye(k), (n, k, k))], axis=2, dtype=np.float64
    )
    free = expected.copy()
    for _ in range(_STEPS):
        said = _softmax(free[0] * logs + free[1:])
        slope = np.einsum("nk,nkj->j", said - known, change) + pull * (free - expected)
        mean = np.einsum("nk,nkj->nj", said, change)
        curve = np.einsum("nk,nki,nkj->ij", said, change, change) - mean.T @ mean
        step = np.linalg.solve(curve + np.diag(pull), slope)
        free -= step / max(1.0, float(np.abs(step).max()))
        free[0] = np.clip(free[0], MIN_SLOPE, MAX_SLOPE)
    offsets = np.zeros(scores.shape[1])
    offsets[there] = (free[1:] - free[1:].mean()) / free[0]
    return Adjustment(1 / float(free[0]), offsets.clip(-MAX_OFFSET, MAX_OFFSET))


def gain(scores: Scores, labels: Labels, groups: Groups) -> Gain:
    """What an adjustment is worth on each group, made of the others."""
    after = np.empty_like(scores)
    for inside in _left_out(labels, groups):
        after[inside] = adjustment(scores[~inside], labels[~inside]).apply(scores[inside])
    rows = np.arange(len(labels))
    losses = [-_logs(each)[rows, labels] for each in (scores, after)]
    lower = losses[0] - losses[1]
    error = float(lower.std(ddof=1) / np.sqrt(len(lower)))
    right = [float((each.argmax(axis=1) == labels).mean()) for each in (scores, after)]
    floor = floor_for(after, labels)
    said = after.max(axis=1) >= floor
    return Gain(
        pictures=len(labels),
        accuracy_before=right[0],
        accuracy_after=right[1],
        loss_before=float(losses[0].mean()),
        loss_after=float(losses[1].mean()),
        sure=float(lower.mean()) - SURE * error,
        floor=floor,
        coverage=tuple(
            float(said[labels == number].mean()) if (labels == number).any() else 0.0
            for number in range(scores.shape[1])
        ),
    )


def floor_for(confident: Scores, labels: Labels, precision: float = PRECISION) -> float:
    """The lowest confidence above which `precision` of what is said is right; 0.99 for none."""
    confidences = confident.max(axis=1)
    surest_first = np.argsort(-confidences, kind="stable")
    right = (confident.argmax(axis=1) == labels)[surest_first]
    precisions = np.cumsum(right) / np.arange(1, len(right) + 1)
    enough = np.flatnonzero(precisions >= precision)
    return float(confidences[surest_first][enough[-1]]) if len(enough) else 0.99


def _left_out(labels: Labels, groups: Groups) -> Iterator[NDArray[np.bool_]]:
    for group in np.unique(groups):
        inside = groups == group
        # A label that is nowhere else is not left out: nothing would be known of it.
        alone = np.setdiff1d(labels[inside], labels[~inside])
        if inside.all() or len(alone):
            raise ValueError(f"group {group} has a label that no other has")
        yield inside


def _logs(scores: Scores) -> Scores:
    logs: Scores = np.log(np.maximum(scores, _LEAST))
    return logs


def _softmax(logits: Scores) -> Scores:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
