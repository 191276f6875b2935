"""Training a network on faces; what its folder holds is in convert/training/loop.py."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from convert.augmentation.image import NO_AUGMENTATION, ON_DEVICE, Augmentation
from convert.datasets import nonface
from convert.datasets.face_set import FaceSet, aligned
from convert.training import teacher
from convert.training.loop import open_run, run_training
from convert.zoo import Architecture
from edge.errors import DataError, MissingDataError, UsageError
from edge.vision.stretch import stretch

MOSTLY = 0.5
"""Of a target: above it the epoch that is kept is the best at what most voters saw."""


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """One run's recipe. `learning_rate` is the peak of a warm-up and cosine schedule.

    `votes_share`: how much of a target is the FER+ votes, the rest the FER2013 label.
    `align`: votes and teacher are read in the labels' terms first (`convert.datasets.face_set`).
    `start`: a trained .keras of this network to go on from; "" for new weights.
    `teacher`, `teacher_share`: a trained .keras whose scores of the clean faces make up this
    much of the targets (distillation: Hinton, Vinyals, Dean 2015), or a file of its recorded
    scores (`convert.training.teacher`); "" for none.
    `nonface`, `nonface_share`: pictures without a face (`convert.datasets.nonface`) that make up
    this much of each batch, with every label equally likely; "" for none.
    `average`: the momentum of the weights' moving average, which is then what is kept; 0: none.
    `calm_epochs`: so many at the end are augmented less (`Augmentation.calmed`).
    `precision`: "float32", "mixed_bfloat16", or "auto" (bfloat16 where the CPU computes in it).
    """

    epochs: int = 30
    batch_size: int = 64
    learning_rate: float = 0.001
    weight_decay: float = 0.02
    label_smoothing: float = 0.05
    votes_share: float = 0.5
    align: bool = False
    start: str = ""
    teacher: str = ""
    teacher_share: float = 0.4
    nonface: str = ""
    nonface_share: float = 0.06
    average: float = 0.0
    calm_epochs: int = 0
    seed: int = 7
    precision: str = "auto"
    augmentation: Augmentation = field(default_factory=Augmentation)


def recipe(
    out: Path,
    asked: dict[str, Any],
    noise: dict[str, Any],
    *,
    augment: bool | None = None,
    on_device: bool = False,
) -> TrainSettings:
    """What was asked for; where it is None, what the run in `out` was started with, if any.

    `noise` goes to the augmentation; `augment` False shows the faces as they are, `on_device`
    as a device's search, light and lens give them.
    """
    run_file = out / "run.json"
    before = json.loads(run_file.read_text()) if run_file.exists() else {}
    before.pop("network", None)
    shown = asdict(ON_DEVICE) if on_device else {}
    shown = asdict(NO_AUGMENTATION) if augment is False else shown
    augmentation = {**before.pop("augmentation", {}), **shown, **_given(noise)}
    return TrainSettings(**{**before, **_given(asked)}, augmentation=Augmentation(**augmentation))


def _given(asked: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in asked.items() if value is not None}


class Batches(keras.utils.PyDataset):  # type: ignore[misc]  # keras is untyped
    """Augmented batches whose order and noise follow from (seed, epoch, batch) alone.

    So a run that was killed and resumed sees the very data that it would have seen.
    """

    def __init__(
        self, faces: FaceSet, settings: TrainSettings, first_epoch: int, workers: int = 2
    ) -> None:
        # In threads, so that faces are made while the accelerator works.
        super().__init__(workers=workers, max_queue_size=8)
        self._images = faces.images
        smooth = settings.label_smoothing
        targets = faces.soft_targets(settings.votes_share, align=settings.align)
        if settings.teacher:
            share = np.float32(settings.teacher_share)
            targets = (1 - share) * targets + share * _teacher_scores(settings, faces)
        self._targets = (1 - smooth) * targets + np.float32(smooth / targets.shape[1])
        self._nonfaces = (
            nonface.load(Path(settings.nonface), "training") if settings.nonface else None
        )
        self._settings = settings
        self._epoch = first_epoch
        self._shuffle()

    def _shuffle(self) -> None:
        rng = np.random.default_rng((self._settings.seed, self._epoch))
        self._order = rng.permutation(len(self._images))

    def __len__(self) -> int:
        return len(self._images) // _faces_in_a_batch(self._settings)

    def __getitem__(self, batch: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        size = _faces_in_a_batch(self._settings)
        index = self._order[batch * size : (batch + 1) * size]
        rng = np.random.default_rng((self._settings.seed, self._epoch, batch))
        # Clean faces first, so that the features come quickly; all of the noise from half-way on.
        ramp = 1.0 if self._settings.start else min(1.0, 2 * self._epoch / self._settings.epochs)
        calm = self._epoch >= self._settings.epochs - self._settings.calm_epochs
        augmentation = self._settings.augmentation
        images, targets = self._images[index], self._targets[index]
        if self._nonfaces is not None:
            others = nonface.draw(self._nonfaces, self._settings.batch_size - size, rng)
            unsure = np.full((len(others), targets.shape[1]), 1 / targets.shape[1], np.float32)
            images, targets = np.concatenate((images, others)), np.concatenate((targets, unsure))
        seen = (augmentation.reduced() if calm else augmentation).apply(images, rng, ramp)
        return seen[..., None], targets

    def on_epoch_end(self) -> None:
        self._epoch += 1
        self._shuffle()


def _faces_in_a_batch(settings: TrainSettings) -> int:
    share = settings.nonface_share if settings.nonface else 0.0
    return max(1, settings.batch_size - round(share * settings.batch_size))


def train(
    architecture: Architecture,
    training: FaceSet,
    validation: FaceSet,
    out: Path,
    settings: TrainSettings,
    *,
    resume: bool = False,
) -> list[dict[str, float]]:
    """Train into the folder `out` and return the history, a record an epoch.

    Raises UsageError where `out` holds a run already and `resume` is False, or where the
    run to resume was started with another recipe.
    """
    asked = {"network": architecture.name, **asdict(settings)}
    open_run(out, asked, asdict(TrainSettings()), resume=resume)
    steps = len(training) // _faces_in_a_batch(settings)
    if not steps:
        raise DataError(
            f"{len(training)} training faces do not fill a batch of {settings.batch_size}: "
            "lower --batch-size"
        )
    if settings.votes_share > MOSTLY and not settings.align:
        validation = validation.as_voted()
    seen = stretch(validation.images) if settings.augmentation.stretch else validation.images
    return run_training(
        lambda: started(architecture.build(), settings.start),
        lambda first_epoch: Batches(training, settings, first_epoch),
        steps,
        (_as_input(seen), _one_hot(validation)),
        out,
        settings,
        average=settings.average,
    )


def started(model: keras.Model, start: str) -> keras.Model:
    """`model`, new, with the weights of the .keras `start` where one is given.

    Raises MissingDataError, UsageError where its weights do not fit.
    """
    if start:
        trained = _load(start, "start")
        if [w.shape for w in trained.weights] != [w.shape for w in model.weights]:
            raise UsageError(f"{start} is no {model.name}: give one of that network")
        model.set_weights(trained.get_weights())
    return model


def _teacher_scores(settings: TrainSettings, faces: FaceSet) -> NDArray[np.float32]:
    """float32 (n, n_classes). Raises MissingDataError, UsageError for another label set."""
    if settings.teacher.endswith(".npz"):
        scores = teacher.load(Path(settings.teacher), faces).mean(axis=0)
        return aligned(scores, faces.labels) if settings.align else scores
    model = _load(settings.teacher, "teacher")
    if model.output_shape[-1] != len(faces.label_names):
        raise UsageError(
            f"the teacher {settings.teacher} names {model.output_shape[-1]} classes and the data "
            f"set {len(faces.label_names)}: give one trained on the same labels"
        )
    scores = model.predict(_as_input(faces.images), batch_size=256)
    return aligned(scores, faces.labels) if settings.align else scores


def _load(path: str, role: str) -> keras.Model:
    if not Path(path).is_file():
        raise MissingDataError(f"there is no {role} {path}: give a trained .keras")
    return keras.models.load_model(path, compile=False)


def _as_input(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return (images.astype(np.float32) / np.float32(255))[..., None]


def _one_hot(faces: FaceSet) -> NDArray[np.float32]:
    return np.eye(len(faces.label_names), dtype=np.float32)[faces.labels]
