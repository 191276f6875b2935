"""Two trainings of one network, blended weight by weight.

A network that went on learning, of covered and dark faces, keeps more of what it knew where its
weights are averaged with those it started from (Wortsman et al. 2022), at no cost on the device.
"""

from __future__ import annotations

from pathlib import Path

import keras

from convert.training.saving import save_network
from edge.errors import MissingModelError, UsageError


def blend(before: Path, after: Path, share: float, out: Path) -> None:
    """Write `out`: (1 - share) of the weights of `before` and `share` of those of `after`.

    Raises MissingModelError; UsageError where the two are of different networks.
    """
    for path in (before, after):
        if not path.is_file():
            raise MissingModelError(f"there is no {path}: give a trained .keras file")
    first, second = (keras.models.load_model(path, compile=False) for path in (before, after))
    if [w.shape for w in first.weights] != [w.shape for w in second.weights]:
        raise UsageError(f"{before} and {after} are of different networks: give two of one")
    pairs = zip(first.get_weights(), second.get_weights(), strict=True)
    first.set_weights([(1 - share) * one + share * other for one, other in pairs])
    save_network(first, out)
