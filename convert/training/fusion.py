"""Training the combiner of face and voice, on the scores of networks already trained.

Both networks are asked only about people they were not trained on: the face network about
FER2013's PublicTest, the voice network of a fold about the fold's test actors.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from convert.datasets import Provenance, fer2013, ravdess
from convert.training.loop import open_run, run_training
from convert.training.score_pairs import Pairs, Scored, draw
from convert.zoo import Architecture
from edge.models.labels import SHARED, FusionInputs

VALIDATION_PAIRS = 2000


@dataclass(frozen=True, slots=True)
class FusionSettings:
    """One run's recipe. Every epoch draws `pairs` new ones; `absent` is as for `draw`."""

    epochs: int = 30
    batch_size: int = 64
    learning_rate: float = 0.01
    weight_decay: float = 0.02
    pairs: int = 6400
    absent: float = 0.2
    seed: int = 7
    precision: str = "float32"


class Batches(keras.utils.PyDataset):  # type: ignore[misc]  # keras is untyped
    """Batches whose pairs follow from (seed, epoch, batch) alone."""

    def __init__(
        self,
        faces: Scored,
        voices: Scored,
        inputs: FusionInputs,
        settings: FusionSettings,
        epoch: int,
    ) -> None:
        super().__init__()
        self._faces, self._voices, self._inputs = faces, voices, inputs
        self._settings, self._epoch = settings, epoch

    def __len__(self) -> int:
        return self._settings.pairs // self._settings.batch_size

    def __getitem__(self, batch: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        settings = self._settings
        rng = np.random.default_rng((settings.seed, self._epoch, batch))
        return as_input(
            draw(self._faces, self._voices, self._inputs, settings.batch_size, rng, settings.absent)
        )

    def on_epoch_end(self) -> None:
        self._epoch += 1


def train(
    architecture: Architecture,
    inputs: FusionInputs,
    training: tuple[Scored, Scored],
    validation: tuple[Scored, Scored],
    out: Path,
    settings: FusionSettings,
    *,
    resume: bool = False,
) -> list[dict[str, float]]:
    """Train into the folder `out` and return the history.

    training, validation: faces and voices, of different people on either side
    Raises UsageError where `out` holds a run already and `resume` is False.
    """
    asked = {"network": architecture.name, **asdict(settings)}
    open_run(out, asked, asdict(FusionSettings()), resume=resume)
    held_out = draw(*validation, inputs, VALIDATION_PAIRS, np.random.default_rng(settings.seed))
    return run_training(
        architecture.build,
        lambda epoch: Batches(*training, inputs, settings, epoch),
        settings.pairs // settings.batch_size,
        as_input(held_out),
        out,
        settings,
    )


def as_input(pairs: Pairs) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """float32 (n, columns, 1) in [0, 1], and one-hot (n, n_classes)."""
    rows = pairs.images.astype(np.float32)[..., None] / np.float32(255)
    return rows, np.eye(len(SHARED), dtype=np.float32)[pairs.labels]


def provenance(seen: str, actors: tuple[int, ...]) -> Provenance:
    """What the card says of pairs of what was `seen` and these actors' voices."""
    numbers = ", ".join(f"{actor:02}" for actor in actors)
    return Provenance(
        training_data=(
            f"Pairs of one emotion made from people who never met: scores of {seen} and of "
            f"RAVDESS voices (actors {numbers}), by networks that were trained on neither"
        ),
        licence=f"{fer2013.PROVENANCE.licence}; {ravdess.PROVENANCE.licence}",
        terms=f"{fer2013.PROVENANCE.terms} {ravdess.PROVENANCE.terms}",
    )
