"""A moving average of a network's weights: steadier than the weights of any one step.

Polyak and Juditsky 1992; as used since in training vision networks, with a momentum that grows
from nothing, so that the first steps are forgotten.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from convert.datasets.archives import read_arrays
from edge.system.outputs import written_whole


class MovingAverage(keras.callbacks.Callback):  # type: ignore[misc]  # keras is untyped
    """The average stands in for the weights while the network is validated.

    weights: the average, in the order of `model.get_weights()`, once training has begun
    """

    def __init__(self, momentum: float, out: Path) -> None:
        super().__init__()
        self._momentum = momentum
        self._file = out / "average.npz"
        self._steps = 0
        self._trained: list[NDArray[np.float32]] = []
        self.weights: list[NDArray[np.float32]] = []

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Start from the network's weights, or from the file of the run that is resumed."""
        self._steps = int(self.model.optimizer.iterations)
        self.weights = self.model.get_weights()
        if self._steps and self._file.exists():
            self.weights = list(read_arrays(self._file).values())

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._steps += 1
        share = 1 - min(self._momentum, self._steps / (self._steps + 10))
        for average, new in zip(self.weights, self.model.get_weights(), strict=True):
            average += np.float32(share) * (new - average)

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._trained = self.model.get_weights()
        self.model.set_weights(self.weights)

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        self.model.set_weights(self._trained)

    def save(self) -> None:
        """Write the average beside the run's other files; a kill leaves the old or the new."""
        with written_whole(self._file, own=True) as beside, beside.open("wb") as file:
            np.savez(file, *self.weights)
