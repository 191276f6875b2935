"""What the sources say of their networks (claims.toml), and whether ours bear it out."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from convert.comparison.entries import Entry
from convert.comparison.measure import Kept, Measured

ABOUT = 0.02
"""A figure printed as "about" some per cent may be so far from it."""
EARLY_EPOCHS = 10


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Record):
    """What a work prints of one network; None where it prints nothing."""

    work: str
    parameters: int | None = None
    ms: float | None = None
    accuracy: float | None = None
    macro_f1: float | None = None
    noise_accuracy: dict[str, float] = {}
    noise_f1: dict[str, float] = {}


class Claim(_Record):
    """One sentence of a work; exactly one of the last four says when it holds."""

    work: str
    text: str
    network: str
    quantity: str
    than: str = ""
    """The quantity is the difference to this network's."""
    about: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    classes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_way_to_hold(self) -> Self:
        ways = [self.about is not None, self.at_least is not None, self.at_most is not None]
        if sum([*ways, bool(self.classes)]) != 1:
            raise ValueError(f"{self.text!r}: give one of about, at_least, at_most and classes")
        if self.quantity not in QUANTITIES | CLASSES:
            raise ValueError(f"{self.text!r}: there is no quantity {self.quantity!r}")
        return self


class Claims(_Record):
    network: dict[str, Source]
    claim: tuple[Claim, ...] = Field(min_length=1)


_CLAIMS = Path(__file__).with_name("claims.toml")


def load() -> Claims:
    text = _CLAIMS.read_text(encoding="utf-8")
    return Claims.model_validate(tomllib.loads(text))


@dataclass(frozen=True, slots=True)
class Known:
    """A network as the quantities see it."""

    entry: Entry
    measured: Measured | None

    def figure(self, name: str) -> float | None:
        """The card's, or else what was measured."""
        found = self.entry.figure(name)
        return found if found is not None or not self.measured else self.measured.figures.get(name)

    def recall(self, label: str) -> float | None:
        scores = self.measured.scores if self.measured else None
        if scores is None or label not in self.entry.labels:
            return None
        return float(scores.recalls[self.entry.labels.index(label)])

    def by_errors(self) -> list[str]:
        """The labels, that with the least errors first; [] where nothing was measured."""
        scores = self.measured.scores if self.measured else None
        if scores is None:
            return []
        return [self.entry.labels[i] for i in np.argsort(-scores.recalls, kind="stable")]


def _best(of: str, epochs: int | None = None) -> Callable[[Known], float | None]:
    def found(known: Known) -> float | None:
        values = [record[of] for record in known.entry.history[:epochs] if of in record]
        return max(values, default=None)

    return found


def last(of: str) -> Callable[[Known], float | None]:
    """Of the last epoch."""

    def found(known: Known) -> float | None:
        return known.entry.history[-1].get(of) if known.entry.history else None

    return found


def _training(known: Known) -> float | None:
    return known.measured.training_accuracy if known.measured else None


def _accuracy(known: Known) -> float | None:
    return known.figure("int8 accuracy")


def gap(known: Known) -> float | None:
    """By how much the network is better on faces that it learned from."""
    training, testing = _training(known), _accuracy(known)
    return None if training is None or testing is None else training - testing


def _elsewhere(known: Known) -> float | None:
    found = known.measured.elsewhere if known.measured else None
    return found.accuracy if found else None


def _parameters(known: Known) -> float | None:
    return float(known.entry.card.parameters) if known.entry.card else None


def _errors_with(label: str) -> Callable[[Known], float | None]:
    def found(known: Known) -> float | None:
        recall = known.recall(label)
        return None if recall is None else 1 - recall

    return found


QUANTITIES: dict[str, Callable[[Known], float | None]] = {
    "accuracy": _accuracy,
    "best validation accuracy": _best("val_accuracy"),
    "validation accuracy within 10 epochs": _best("val_accuracy", EARLY_EPOCHS),
    "training accuracy": _training,
    "training accuracy in the last epoch": last("accuracy"),
    "gap between training and testing": gap,
    "accuracy on another data set": _elsewhere,
    "parameters": _parameters,
    **{f"errors with {label}": _errors_with(label) for label in ("happy", "fear", "angry")},
}
CLASSES: dict[str, Callable[[Known], Sequence[str]]] = {
    "class with the least errors": lambda known: known.by_errors()[:1],
    "two classes with the most errors": lambda known: known.by_errors()[-2:],
}


@dataclass(frozen=True, slots=True)
class Checked:
    """ours: as it is shown; holds: None where it was not measured"""

    claim: Claim
    ours: str
    holds: bool | None


def check(claims: Sequence[Claim], found: Sequence[Entry], kept: Kept) -> list[Checked]:
    """Each claim against what is known."""
    known = {entry.name: Known(entry, kept.of(entry)) for entry in found}
    return [_checked(claim, known) for claim in claims]


def _checked(claim: Claim, known: dict[str, Known]) -> Checked:
    network = known[claim.network]
    if claim.classes:
        names = CLASSES[claim.quantity](network)
        holds = set(names) == set(claim.classes) if names else None
        return Checked(claim, ", ".join(names) or "not measured", holds)
    quantity = QUANTITIES[claim.quantity]
    value = quantity(network)
    other = quantity(known[claim.than]) if claim.than else 0.0
    if value is None or other is None:
        return Checked(claim, "not measured", None)
    difference = value - other
    shown = _number(value) + (f" against {_number(other)}" if claim.than else "")
    return Checked(claim, shown, _holds(claim, difference))


def _holds(claim: Claim, value: float) -> bool:
    value = round(value, 6)
    if claim.about is not None:
        return abs(value - claim.about) <= ABOUT + 1e-9
    if claim.at_least is not None:
        return value >= claim.at_least
    return claim.at_most is not None and value <= claim.at_most


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) > 2 else f"{value:.3f}"
