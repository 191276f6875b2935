"""Training: seeded, resumable, best-on-validation; the same code under TensorFlow and JAX.

A run's folder holds, after every epoch:
    run.json            what was asked for (a resumed run must ask for the same)
    history.json        one record an epoch
    last.weights.h5     weights and optimizer, to go on from
    best.keras          the best epoch so far, plain float32 Keras
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from convert import fused
from convert.augment import Augmentation
from convert.datasets.faces import FaceSet
from convert.zoo import Architecture
from edge.errors import ConversionError, DataError, MissingDataError, UsageError

WARMUP_EPOCHS = 1
PRECISIONS = ("auto", "float32", "mixed_bfloat16")


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """One run's recipe. `learning_rate` is the peak of a warm-up and cosine schedule.

    `votes_share`: how much of a target is the FER+ votes, the rest the FER2013 label.
    `teacher`, `teacher_share`: a trained .keras whose scores of the clean faces make up this
    much of the targets (distillation: Hinton, Vinyals, Dean 2015); "" for none.
    `precision`: "float32", "mixed_bfloat16", or "auto" (bfloat16 where the CPU computes in it).
    """

    epochs: int = 30
    batch_size: int = 64
    learning_rate: float = 0.001
    weight_decay: float = 0.02
    label_smoothing: float = 0.05
    votes_share: float = 0.5
    teacher: str = ""
    teacher_share: float = 0.4
    seed: int = 7
    precision: str = "auto"
    augmentation: Augmentation = field(default_factory=Augmentation)


def recipe(out: Path, asked: dict[str, Any], noise: dict[str, Any]) -> TrainSettings:
    """What was asked for; where it is None, what the run in `out` was started with, if any.

    `noise` goes to the augmentation.
    """
    run_file = out / "run.json"
    before = json.loads(run_file.read_text()) if run_file.exists() else {}
    before.pop("network", None)
    augmentation = {**before.pop("augmentation", {}), **_given(noise)}
    return TrainSettings(**{**before, **_given(asked)}, augmentation=Augmentation(**augmentation))


def _given(asked: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in asked.items() if value is not None}


def has_bfloat16() -> bool:
    """Whether this CPU multiplies in bfloat16 (AVX512-BF16, AMX or Arm's BF16)."""
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return any(flag in flags for flag in ("avx512_bf16", "amx_bf16", " bf16"))


class Batches(keras.utils.PyDataset):  # type: ignore[misc]  # keras is untyped
    """Augmented batches whose order and noise follow from (seed, epoch, batch) alone.

    So a run that was killed and resumed sees the very data that it would have seen.
    """

    def __init__(
        self, faces: FaceSet, settings: TrainSettings, first_epoch: int, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self._images = faces.images
        smooth = settings.label_smoothing
        targets = faces.soft_targets(settings.votes_share)
        if settings.teacher:
            share = np.float32(settings.teacher_share)
            targets = (1 - share) * targets + share * _teacher_scores(settings.teacher, faces)
        self._targets = (1 - smooth) * targets + np.float32(smooth / targets.shape[1])
        self._settings = settings
        self._epoch = first_epoch
        self._shuffle()

    def _shuffle(self) -> None:
        rng = np.random.default_rng((self._settings.seed, self._epoch))
        self._order = rng.permutation(len(self._images))

    def __len__(self) -> int:
        return len(self._images) // self._settings.batch_size

    def __getitem__(self, batch: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        size = self._settings.batch_size
        index = self._order[batch * size : (batch + 1) * size]
        rng = np.random.default_rng((self._settings.seed, self._epoch, batch))
        # Clean faces first, so that the features come quickly; all of the noise from half-way on.
        ramp = min(1.0, 2 * self._epoch / self._settings.epochs)
        images = self._settings.augmentation.apply(self._images[index], rng, ramp)
        return images[..., None], self._targets[index]

    def on_epoch_end(self) -> None:
        self._epoch += 1
        self._shuffle()


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
    _open_run(out, architecture, settings, resume=resume)
    keras.utils.set_random_seed(settings.seed)
    _set_precision(settings.precision)
    steps = len(training) // settings.batch_size
    if not steps:
        raise DataError(
            f"{len(training)} training faces do not fill a batch of {settings.batch_size}: "
            "lower --batch-size"
        )
    model = fused.for_training(architecture.build())
    _compile(model, settings, steps_per_epoch=steps)
    history = _restore(model, out, steps_per_epoch=steps)
    model.fit(
        Batches(training, settings, first_epoch=len(history)),
        # They shuffle themselves, by seed and epoch: Keras's own order would not survive a kill.
        shuffle=False,
        epochs=settings.epochs,
        initial_epoch=len(history),
        validation_data=(_as_input(validation.images), _one_hot(validation)),
        validation_batch_size=256,
        callbacks=[_Checkpoint(architecture, out, history)],
    )
    return history


def _teacher_scores(teacher: str, faces: FaceSet) -> NDArray[np.float32]:
    """float32 (n, n_classes). Raises MissingDataError, UsageError for another label set."""
    if not Path(teacher).is_file():
        raise MissingDataError(f"there is no teacher {teacher}: give a trained .keras")
    model = keras.models.load_model(teacher, compile=False)
    if model.output_shape[-1] != len(faces.label_names):
        raise UsageError(
            f"the teacher {teacher} names {model.output_shape[-1]} classes and the data set "
            f"{len(faces.label_names)}: give one trained on the same labels"
        )
    scores: NDArray[np.float32] = model.predict(_as_input(faces.images), batch_size=256)
    return scores


def _as_input(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return (images.astype(np.float32) / np.float32(255))[..., None]


def _one_hot(faces: FaceSet) -> NDArray[np.float32]:
    return np.eye(len(faces.label_names), dtype=np.float32)[faces.labels]


def _set_precision(precision: str) -> None:
    if precision not in PRECISIONS:
        raise UsageError(f"there is no precision {precision!r}: choose {', '.join(PRECISIONS)}")
    if precision == "auto":
        on_cpu = keras.backend.backend() == "tensorflow"
        precision = "mixed_bfloat16" if has_bfloat16() or not on_cpu else "float32"
    keras.mixed_precision.set_dtype_policy(precision)


def _compile(model: keras.Model, settings: TrainSettings, steps_per_epoch: int) -> None:
    steps = settings.epochs * steps_per_epoch
    warmup = min(WARMUP_EPOCHS * steps_per_epoch, steps // 4)
    schedule = keras.optimizers.schedules.CosineDecay(
        settings.learning_rate / 20,
        steps - warmup,
        alpha=0.01,
        warmup_target=settings.learning_rate,
        warmup_steps=warmup,
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=settings.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    model.compile(
        optimizer,
        "categorical_crossentropy",
        metrics=["accuracy"],
        # On a CPU XLA's convolutions take twice the time of oneDNN's; JAX has no other way.
        jit_compile=keras.backend.backend() != "tensorflow",
    )


def _open_run(
    out: Path, architecture: Architecture, settings: TrainSettings, *, resume: bool
) -> None:
    asked = {"network": architecture.name, **asdict(settings)}
    run_file = out / "run.json"
    if not run_file.exists():
        out.mkdir(parents=True, exist_ok=True)
        run_file.write_text(json.dumps(asked, indent=2) + "\n")
        return
    if not resume:
        raise UsageError(f"{out} holds a run already: add --resume, or give another --out")
    # A setting that the run is older than had its default's effect.
    before = {**asdict(TrainSettings()), **json.loads(run_file.read_text())}
    changed = sorted(key for key in asked if before.get(key) != asked[key])
    if changed:
        raise UsageError(
            f"the run in {out} was started with another {changed[0]} "
            f"({before.get(changed[0])}): give the same, or another --out"
        )


def _restore(model: keras.Model, out: Path, steps_per_epoch: int) -> list[dict[str, float]]:
    """Load what the run in `out` has reached and return its history; [] where it is new."""
    # Unbuilt, it would lose its moments and its place in the learning rate's schedule.
    model.optimizer.build(model.trainable_variables)
    weights = out / "last.weights.h5"
    if not weights.exists():
        return []
    model.load_weights(weights)
    done = int(model.optimizer.iterations) // steps_per_epoch
    history: list[dict[str, float]]
    for name in ("history.json", "next.json"):
        # The kill may have come between the two files of an epoch: then next.json has it.
        if (out / name).exists():
            history = json.loads((out / name).read_text())
            if len(history) == done:
                return history
    raise ConversionError(
        f"the history in {out} does not go with its weights ({done} epochs): give another --out"
    )


class _Checkpoint(keras.callbacks.Callback):  # type: ignore[misc]  # keras is untyped
    """Writes the run's folder after each epoch; a kill at any moment leaves it whole."""

    def __init__(
        self, architecture: Architecture, out: Path, history: list[dict[str, float]]
    ) -> None:
        super().__init__()
        self._architecture = architecture
        self._out = out
        self._history = history
        self._plain: keras.Model | None = None

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        record = {"epoch": epoch + 1, **{key: float(value) for key, value in (logs or {}).items()}}
        if not np.isfinite(record["loss"]):
            raise ConversionError(
                f"the loss of epoch {epoch + 1} is {record['loss']}: lower --learning-rate"
            )
        best = max((past["val_accuracy"] for past in self._history), default=0.0)
        if record["val_accuracy"] > best:
            self._save_best()
        self._history.append(record)
        next_history, next_weights = self._out / "next.json", self._out / "next.weights.h5"
        next_history.write_text(json.dumps(self._history, indent=1) + "\n")
        self.model.save_weights(next_weights)
        next_weights.replace(self._out / "last.weights.h5")
        next_history.replace(self._out / "history.json")

    def _save_best(self) -> None:
        """The shipped file is float32 and of plain layers, whatever the training used."""
        if self._plain is None:
            policy = keras.mixed_precision.dtype_policy()
            keras.mixed_precision.set_dtype_policy("float32")
            self._plain = self._architecture.build()
            keras.mixed_precision.set_dtype_policy(policy)
        self._plain.set_weights(self.model.get_weights())
        temporary = self._out / "next.keras"
        self._plain.save(temporary)
        temporary.replace(self._out / "best.keras")
