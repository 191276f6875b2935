"""How a picture's bytes become the numbers that a network was trained on."""

from __future__ import annotations

from math import isfinite
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from edge.errors import UsageError
from edge.system.record import Meta, Record


class Scaling(Record):
    """A byte b means (b - mean) / deviation, both in bytes: one for all channels, or one each."""

    mean: Annotated[tuple[float, ...], Meta(min_length=1, max_length=3)] = (0.0,)
    deviation: Annotated[tuple[float, ...], Meta(min_length=1, max_length=3)] = (255.0,)

    def __post_init__(self) -> None:
        if not all(map(isfinite, self.mean + self.deviation)):
            raise ValueError("a mean and a deviation are finite")
        if any(value <= 0 for value in self.deviation):
            raise ValueError("a deviation is above 0")
        if {len(self.mean), len(self.deviation)} - {1, 3}:
            raise ValueError("a mean and a deviation are given for all channels or for each of 3")

    @property
    def per_channel(self) -> bool:
        return max(len(self.mean), len(self.deviation)) > 1

    def values(self) -> NDArray[np.float64]:
        """What each of the 256 byte values means: (256, 1), or (256, 3) a channel each."""
        steps = np.arange(256, dtype=np.float64)[:, None]
        values: NDArray[np.float64] = (steps - np.array(self.mean)) / np.array(self.deviation)
        return values

    def __str__(self) -> str:
        known = next((name for name, scaling in NAMED.items() if scaling == self), None)
        return known or f"{_joined(self.mean)}/{_joined(self.deviation)}"


NAMED = {
    "0-1": Scaling(),
    "-1-1": Scaling(mean=(127.5,), deviation=(127.5,)),
    "0-255": Scaling(mean=(0.0,), deviation=(1.0,)),
    "imagenet": Scaling(mean=(123.675, 116.28, 103.53), deviation=(58.395, 57.12, 57.375)),
}
"""The usual ones; imagenet's are of R, G, B."""


def parse_scaling(text: str) -> Scaling:
    """One of `NAMED`, or MEAN/DEVIATION in bytes: "129.5/64", "123,116,103/58,57,57".

    Raises UsageError.
    """
    if text in NAMED:
        return NAMED[text]
    mean, slash, deviation = text.partition("/")
    try:
        if not slash:
            raise ValueError(text)
        return Scaling(mean=_numbers(mean), deviation=_numbers(deviation))
    except ValueError as error:
        raise UsageError(
            f"there is no scaling {text!r}: choose {', '.join(NAMED)}, or MEAN/DEVIATION in bytes "
            "such as 129.5/64"
        ) from error


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(","))


def _joined(values: tuple[float, ...]) -> str:
    return ",".join(f"{value:g}" for value in values)
