"""Scalings tried on a person's pictures, on the float32 network: before minutes of int8."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from convert.conversion.importing import Exported, Wanted, described
from convert.conversion.input_scaling import ANY_WILL_DO, ScalingFound, best_order, tried
from convert.datasets.own import OwnPictures, as_frames
from convert.metrics import class_scores, wilson
from convert.predict import raw_outputs
from edge.errors import ConversionError
from edge.models.scaling import NAMED, Scaling, parse_scaling

CHOSEN_BY = 300
"""Pictures that a scaling is chosen by."""
COMPARED_BY = 100
"""Pictures that the scaling which was said is compared with the others by."""


def choose(
    path: Path, made: Exported, wanted: Wanted, pictures: OwnPictures
) -> ScalingFound | None:
    """The usual scaling that fits the pictures best; None where none does."""
    some = pictures.some(CHOSEN_BY)
    candidates = {str(scaling): scaling for scaling in _candidates(path, made, wanted)}
    return tried(candidates, _hits(path, made, wanted, some), len(some))[0]


def compare(path: Path, made: Exported, wanted: Wanted, pictures: OwnPictures) -> None:
    """Raises ConversionError where another scaling than the one that was said is far better."""
    some = pictures.some(COMPARED_BY)
    said, hits = parse_scaling(wanted.scaling), _hits(path, made, wanted, some)
    share = hits(said)
    if share >= ANY_WILL_DO:
        return
    fractions = {one: hits(one) for one in _candidates(path, made, wanted) if one != said}
    best = max(fractions, key=lambda scaling: fractions[scaling])
    if wilson(share, len(some))[1] < wilson(fractions[best], len(some))[0]:
        raise ConversionError(
            f"with --scaling {wanted.scaling} {path} names {share:.1%} of {len(some)} pictures "
            f"rightly and with {best} {fractions[best]:.1%}: give --scaling {best}"
        )


def _candidates(path: Path, made: Exported, wanted: Wanted) -> list[Scaling]:
    """The usual ones that a network of its channels may have been trained with."""
    card = described(path, made, wanted, "0-1", made.content).card
    coloured = card.modality != "speech" and card.picture_format.channels == 3
    return [scaling for scaling in NAMED.values() if coloured or not scaling.per_channel]


def _hits(
    path: Path, made: Exported, wanted: Wanted, some: OwnPictures
) -> Callable[[Scaling], float]:
    """A scaling → the share of `some` that is named rightly, in whichever order of the labels is
    best, so that a wrong order does not look like a wrong scaling."""

    def hits(scaling: Scaling) -> float:
        model = described(path, made, wanted, str(scaling), made.content)
        outputs = raw_outputs(model, as_frames(some.images, model.card))
        confusion = class_scores(some.labels, outputs.argmax(axis=1), len(wanted.labels)).confusion
        order = best_order(confusion)
        return float(confusion[order, np.arange(len(order))].sum() / len(some))

    return hits
