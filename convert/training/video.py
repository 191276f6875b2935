"""Training on sequences of faces made from stills; its folder is convert/training/loop.py's."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from convert.datasets.face_set import FaceSet
from convert.datasets.synthetic_sequences import Motion, SequenceSet, Stills, drawn_set, targets
from convert.training.face import started
from convert.training.loop import open_run, run_training
from convert.zoo import Architecture
from convert.zoo.video_resgru import SEQUENCE
from edge.errors import DataError
from edge.vision.sequence_settings import SequenceSettings


@dataclass(frozen=True, slots=True)
class VideoSettings:
    """One run's recipe. `learning_rate` is the peak of a warm-up and cosine schedule.

    Every epoch draws `sequences` new courses, and `validation_sequences` are drawn once.
    `votes_share`, `align` and `start` are as in `convert.training.face.TrainSettings`. `frames`:
    the pictures of a course; fewer than the network sees on the device learn the faces in less
    time, for a run of whole courses to `start` from.
    """

    epochs: int = 60
    batch_size: int = 64
    learning_rate: float = 0.001
    weight_decay: float = 0.02
    label_smoothing: float = 0.05
    votes_share: float = 0.5
    align: bool = True
    start: str = ""
    frames: int = SEQUENCE.frames
    sequences: int = 8192
    validation_sequences: int = 2048
    seed: int = 7
    precision: str = "auto"
    motion: Motion = field(default_factory=Motion)


def recipe(out: Path, asked: dict[str, Any], motion: dict[str, Any]) -> VideoSettings:
    """What was asked for; where it is None, what the run in `out` was started with, if any."""
    run_file = out / "run.json"
    before = json.loads(run_file.read_text()) if run_file.exists() else {}
    before.pop("network", None)
    drawn = {**before.pop("motion", {}), **_given(motion)}
    return VideoSettings(**{**before, **_given(asked)}, motion=Motion(**drawn))


def _given(asked: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in asked.items() if value is not None}


class Batches(keras.utils.PyDataset):  # type: ignore[misc]  # keras is untyped
    """Courses that follow from (seed, epoch, batch) alone, whatever was drawn before."""

    def __init__(
        self,
        stills: Stills,
        targets: NDArray[np.float32],
        settings: VideoSettings,
        epoch: int,
    ) -> None:
        # In threads, so that courses are made while the accelerator works.
        super().__init__(workers=2, max_queue_size=8)
        smooth = settings.label_smoothing
        self._stills = stills
        self._targets = (1 - smooth) * targets + np.float32(smooth / targets.shape[1])
        self._settings = settings
        self._epoch = epoch

    def __len__(self) -> int:
        return self._settings.sequences // self._settings.batch_size

    def __getitem__(self, batch: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        rng = np.random.default_rng((self._settings.seed, self._epoch, batch))
        apexes = self._stills.drawn(self._settings.batch_size, rng)
        sequences, others = self._stills.sequences(apexes, rng)
        return as_input(sequences), self._learned(apexes, others)

    def _learned(self, apexes: NDArray[np.int_], others: NDArray[np.int_]) -> NDArray[np.float32]:
        """A course from one still to another of its label has a half of either's target."""
        return np.float32(0.5) * (self._targets[apexes] + self._targets[others])

    def on_epoch_end(self) -> None:
        self._epoch += 1


def train(
    architecture: Architecture,
    sequence: SequenceSettings,
    training: FaceSet,
    validation: FaceSet,
    out: Path,
    settings: VideoSettings,
    *,
    resume: bool = False,
) -> list[dict[str, float]]:
    """Train into the folder `out` and return the history, a record an epoch.

    sequence: what the network sees, but for the settings' `frames`
    Raises UsageError where `out` holds a run already and `resume` is False, or where the run
    to resume was started with another recipe; DataError where the courses fill no batch.
    """
    asked = {"network": architecture.name, **asdict(settings)}
    open_run(out, asked, asdict(VideoSettings()), resume=resume)
    steps = settings.sequences // settings.batch_size
    if not steps:
        raise DataError(
            f"{settings.sequences} courses do not fill a batch of {settings.batch_size}: "
            "lower --batch-size"
        )
    sequence = sequence.model_copy(update={"frames": settings.frames})
    stills = Stills(training, sequence, settings.motion)
    learned = targets(training, settings.votes_share, align=settings.align)
    held_out = drawn_set(
        Stills(validation, sequence, settings.motion), settings.validation_sequences, settings.seed
    )
    return run_training(
        lambda: started(architecture.build(settings.frames), settings.start),
        lambda epoch: Batches(stills, learned, settings, epoch),
        steps,
        (as_input(held_out.images), _one_hot(held_out)),
        out,
        settings,
    )


def as_input(sequences: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8 (n, frames, 48, 48) → float32 (n, frames, 48, 48, 1) in [0, 1]."""
    return (sequences.astype(np.float32) / np.float32(255))[..., None]


def _one_hot(sequences: SequenceSet) -> NDArray[np.float32]:
    return np.eye(len(sequences.label_names), dtype=np.float32)[sequences.labels]
