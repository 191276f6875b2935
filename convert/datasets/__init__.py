"""The data sets that networks are trained and judged on; the data itself stays outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where training data is from and what may be done with it; it goes on every card.

    `terms` says in one sentence what the licence means for whoever uses a trained model.
    """

    training_data: str
    licence: str
    terms: str


class Pictures(Protocol):
    """What networks are judged and calibrated on: labelled faces, or windows of voices."""

    @property
    def images(self) -> NDArray[np.uint8]:
        """(n, height, width)"""
        ...

    @property
    def labels(self) -> NDArray[np.uint8]:
        """(n,), an index into `label_names`"""
        ...

    @property
    def label_names(self) -> tuple[str, ...]: ...

    def __len__(self) -> int: ...
