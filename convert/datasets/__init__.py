"""The data sets that networks are trained and judged on; the data itself stays outside."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where training data is from and what may be done with it; it goes on every card.

    `terms` says in one sentence what the licence means for whoever uses a trained model.
    """

    training_data: str
    licence: str
    terms: str
