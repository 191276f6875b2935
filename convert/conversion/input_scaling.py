"""Which numbers a network was trained on: told by its own first layers, or tried on pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from convert.metrics import class_scores, wilson
from edge.errors import ConversionError
from edge.models.scaling import NAMED, Scaling, parse_scaling

ANY_WILL_DO = 0.9
"""A share of hits so high that a scaling which is one of several as good is taken."""
_PASSING = (
    "InputLayer", "Functional", "Sequential", "Model", "Resizing", "CenterCrop", "Cast",
    "ZeroPadding2D", "TimeDistributed", "Reshape", "Permute", "Identity", "Dropout",
    "GaussianNoise", "DTypePolicy",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ScalingFound:
    """`why` says how it is known; `sure` whether nothing else fits as well."""

    scaling: Scaling
    why: str
    sure: bool = True


def from_layers(
    layers: tuple[tuple[str, dict[str, Any]], ...], normalization: list[float] | None
) -> ScalingFound | None:
    """What the layers before the first that learns say; None where there are none."""
    for name, settings in layers:
        if name in _PASSING or name.startswith("Random"):
            continue
        if name == "Rescaling":
            return _before_rescaling(settings)
        if name == "Normalization" and normalization:
            in_bytes = max(normalization) > 2
            return ScalingFound(
                NAMED["0-255" if in_bytes else "0-1"],
                f"its Normalization layer expects a mean of {normalization[0]:.3g}",
            )
        return None
    return None


def _before_rescaling(settings: dict[str, Any]) -> ScalingFound | None:
    scale = np.ravel(settings.get("scale", 1.0))[0]
    why = f"its Rescaling layer multiplies by {scale:.4g}"
    if scale <= 0.05:
        return ScalingFound(NAMED["0-255"], why)
    if scale <= 10:
        return ScalingFound(NAMED["0-1"], why)
    return None


def best_order(confusion: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n_classes,): for each output the label that it names most hits under, all different.

    confusion: rows the true label, columns the output (Kuhn 1955's assignment)
    """
    labels, outputs = linear_sum_assignment(confusion, maximize=True)
    order = np.empty(len(confusion), np.int64)
    order[outputs] = labels
    return order


def scaled(images: NDArray[np.uint8], scaling: Scaling) -> NDArray[np.float32]:
    """What the bytes mean to the network: (n, height, width, channels), both."""
    columns = np.arange(images.shape[-1]) if scaling.per_channel else 0
    values: NDArray[np.float32] = scaling.values().astype(np.float32)[images, columns]
    return values


def hits(labels: NDArray[Any], said: NDArray[Any], classes: int) -> float:
    """The share that is named rightly, in whichever order of the labels is best, so that a wrong
    order does not look like a wrong scaling. labels, said: (n,)"""
    confusion = class_scores(labels, said, classes).confusion
    order = best_order(confusion)
    return float(confusion[order, np.arange(len(order))].sum() / len(labels))


def decide(said: str, channels: int, measure: Callable[[Scaling], float], n: int) -> ScalingFound:
    """The scaling that was `said`, or the best of the usual ones for a picture of `channels`.

    measure: a scaling → its `hits` among `n` pictures
    Raises ConversionError where another than `said` is far better, and where none is the best.
    """
    candidates = {
        name: scaling for name, scaling in NAMED.items() if channels == 3 or not scaling.per_channel
    }
    if said:
        return _compared(parse_scaling(said), list(candidates.values()), measure, n)
    found, _ = tried(candidates, measure, n)
    if found is None:
        raise ConversionError(
            "its scaling is not in the file and no usual one names the pictures better than "
            "another: say it with --scaling, and see that --labels are right "
            f"({', '.join(NAMED)} or MEAN/DEVIATION)"
        )
    return found


def _compared(
    said: Scaling, candidates: list[Scaling], measure: Callable[[Scaling], float], n: int
) -> ScalingFound:
    share = measure(said)
    if share < ANY_WILL_DO:
        others = {one: measure(one) for one in candidates if one != said}
        best = max(others, key=lambda scaling: others[scaling])
        if wilson(share, n)[1] < wilson(others[best], n)[0]:
            raise ConversionError(
                f"with --scaling {said} it names {share:.1%} of {n} pictures rightly and with "
                f"{best} {others[best]:.1%}: give --scaling {best}"
            )
    return ScalingFound(said, "as it was said")


def tried(
    candidates: dict[str, Scaling], hits: Callable[[Scaling], float], n: int
) -> tuple[ScalingFound | None, dict[str, float]]:
    """The candidate with the most hits, in their order where they are alike; None where all are
    alike, unless all are right: then any will do on such pictures, and it is not sure.

    hits: a scaling → the share of `n` pictures that are named rightly, in whichever order of the
    labels is best, so that a wrong order does not look like a wrong scaling
    """
    fractions = {name: hits(scaling) for name, scaling in candidates.items()}
    best = max(fractions, key=lambda name: fractions[name])
    error = float(np.sqrt(fractions[best] * (1 - fractions[best]) / n))
    alike = [name for name in fractions if fractions[best] - fractions[name] <= 2 * error]
    scores = ", ".join(f"{name} {share:.3f}" for name, share in fractions.items())
    if len(alike) == len(candidates) and fractions[best] < ANY_WILL_DO:
        return None, fractions
    why = f"tried on {n} pictures: accuracy {scores}"
    return ScalingFound(candidates[alike[0]], why, sure=len(alike) == 1), fractions
