"""One network's training, whatever it learns from: seeded, resumable, under TensorFlow and JAX.

A run's folder holds, after every epoch:
    run.json            what was asked for (a resumed run must ask for the same)
    history.json        one record an epoch
    last.weights.h5     weights and optimizer, to go on from
    average.npz         the moving average of the weights, where the recipe keeps one
    best.keras          the network to keep, plain float32 Keras: the best epoch so far by
                        validation accuracy, or the newest where the run does not choose
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from convert.training import fast_layers
from convert.training.moving_average import MovingAverage
from edge.errors import ConversionError, UsageError
from edge.system.outputs import discard_parts, written_whole

WARMUP_EPOCHS = 1
_OF_A_RUN = ("best.keras", "last.weights.h5", "history.json", "average.npz", "history.png")
PRECISIONS = ("auto", "float32", "mixed_bfloat16")
Pairs = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Inputs (n, *input_shape) and one-hot targets (n, n_classes)."""


class Recipe(Protocol):
    """What every network's settings hold. `learning_rate` is the peak of warm-up and cosine."""

    @property
    def epochs(self) -> int: ...
    @property
    def learning_rate(self) -> float: ...
    @property
    def weight_decay(self) -> float: ...
    @property
    def seed(self) -> int: ...
    @property
    def precision(self) -> str: ...


def run_training(
    build: Callable[[], keras.Model],
    batches: Callable[[int], keras.utils.PyDataset],
    steps_per_epoch: int,
    validation: Pairs,
    out: Path,
    recipe: Recipe,
    *,
    choose: bool = True,
    average: float = 0.0,
) -> list[dict[str, float]]:
    """Train into the folder `out`, which `open_run` has opened; return the history.

    `batches` makes the training data of the epochs from a given one (0, 1, 2 …) on; it
    shuffles itself, by seed and epoch. `choose` keeps the best epoch on `validation`; where
    that is the test, the last epoch is kept, so that nothing is chosen by it. `average` above 0
    keeps a moving average of the weights with this momentum, which is what is judged and kept.
    """
    keras.utils.set_random_seed(recipe.seed)
    set_precision(recipe.precision)
    model = fast_layers.for_training(build())
    compile_model(model, recipe, steps_per_epoch)
    history = restore(model, out, steps_per_epoch)
    moving = [MovingAverage(average, out)] if average else []
    model.fit(
        batches(len(history)),
        # Keras's own order would not survive a kill.
        shuffle=False,
        epochs=recipe.epochs,
        initial_epoch=len(history),
        validation_data=validation,
        validation_batch_size=256,
        # A bar on a terminal; a line an epoch into a file.
        verbose=1 if sys.stderr.isatty() else 2,
        callbacks=[
            *moving,
            _SeededDropout(recipe.seed),
            _Checkpoint(build, out, history, choose=choose, moving=moving),
        ],
    )
    return history


def open_run(
    out: Path, asked: Mapping[str, Any], defaults: Mapping[str, Any], *, resume: bool
) -> None:
    """Make the run's folder, or check that the run in it was started with what is `asked`.

    Raises UsageError where `out` holds a run already and `resume` is False, or where that run
    was started with another recipe.
    """
    run_file = out / "run.json"
    if not run_file.exists():
        strange = next((name for name in _OF_A_RUN if (out / name).exists()), None)
        if strange:
            raise UsageError(f"{out} holds a {strange} and no run: give another --out")
        out.mkdir(parents=True, exist_ok=True)
        with written_whole(run_file) as beside:
            beside.write_text(json.dumps(asked, indent=2) + "\n")
        return
    if not resume:
        raise UsageError(f"{out} holds a run already: add --resume, or give another --out")
    # A setting that the run is older than had its default's effect.
    before = {**defaults, **json.loads(run_file.read_text())}
    changed = sorted(key for key in asked if before.get(key) != asked[key])
    if changed:
        raise UsageError(
            f"the run in {out} was started with another {changed[0]} "
            f"({before.get(changed[0])}): give the same, or another --out"
        )
    discard_parts(out)


def has_bfloat16() -> bool:
    """Whether this CPU multiplies in bfloat16 (AVX512-BF16, AMX or Arm's BF16)."""
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return any(flag in flags for flag in ("avx512_bf16", "amx_bf16", " bf16"))


def set_precision(precision: str) -> None:
    """Set Keras's dtype policy; "auto" is bfloat16 where the CPU computes in it."""
    if precision not in PRECISIONS:
        raise UsageError(f"there is no precision {precision!r}: choose {', '.join(PRECISIONS)}")
    if precision == "auto":
        on_cpu = keras.backend.backend() == "tensorflow"
        precision = "mixed_bfloat16" if has_bfloat16() or not on_cpu else "float32"
    keras.mixed_precision.set_dtype_policy(precision)


def compile_model(model: keras.Model, recipe: Recipe, steps_per_epoch: int) -> None:
    """AdamW on cross-entropy; the rate warms up for an epoch and falls along a cosine."""
    steps = recipe.epochs * steps_per_epoch
    warmup = min(WARMUP_EPOCHS * steps_per_epoch, steps // 4)
    schedule = keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate / 20,
        steps - warmup,
        alpha=0.01,
        warmup_target=recipe.learning_rate,
        warmup_steps=warmup,
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=recipe.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    model.compile(
        optimizer,
        "categorical_crossentropy",
        metrics=["accuracy"],
        # On a CPU XLA's convolutions take twice the time of oneDNN's; JAX has no other way.
        jit_compile=keras.backend.backend() != "tensorflow",
    )


def restore(model: keras.Model, out: Path, steps_per_epoch: int) -> list[dict[str, float]]:
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


class _SeededDropout(keras.callbacks.Callback):  # type: ignore[misc]  # keras is untyped
    """Makes dropout's draws follow from (seed, epoch), as the batches do.

    Keras keeps the state of these generators out of the weights file, so a resumed run would
    draw what the first epochs drew.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._seed = seed

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        rng = np.random.default_rng((self._seed, epoch))
        for variable in self.model.variables:
            if variable.path.endswith("seed_generator_state"):
                variable.assign(rng.integers(0, 2**32, variable.shape, dtype=np.uint32))


class _Checkpoint(keras.callbacks.Callback):  # type: ignore[misc]  # keras is untyped
    """Writes the run's folder after each epoch; a kill at any moment leaves it whole."""

    def __init__(
        self,
        build: Callable[[], keras.Model],
        out: Path,
        history: list[dict[str, float]],
        *,
        choose: bool,
        moving: Sequence[MovingAverage] = (),
    ) -> None:
        super().__init__()
        self._moving = moving
        self._build = build
        self._out = out
        self._history = history
        self._choose = choose
        self._plain: keras.Model | None = None

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        record = {"epoch": epoch + 1, **{key: float(value) for key, value in (logs or {}).items()}}
        if not np.isfinite(record["loss"]):
            raise ConversionError(
                f"the loss of epoch {epoch + 1} is {record['loss']}: lower --learning-rate"
            )
        best = max((past["val_accuracy"] for past in self._history), default=0.0)
        if not self._choose or record["val_accuracy"] > best:
            self._save_plain()
        self._history.append(record)
        next_history = self._out / "next.json"
        next_history.write_text(json.dumps(self._history, indent=1) + "\n")
        weights = self._out / "last.weights.h5"
        with written_whole(weights, own=True, ending=".weights.h5") as beside:
            self.model.save_weights(beside)
            for moving in self._moving:
                moving.save()
        next_history.replace(self._out / "history.json")

    def _save_plain(self) -> None:
        """The kept file is float32 and of plain layers, whatever the training used."""
        if self._plain is None:
            policy = keras.mixed_precision.dtype_policy()
            keras.mixed_precision.set_dtype_policy("float32")
            self._plain = self._build()
            keras.mixed_precision.set_dtype_policy(policy)
        kept = self._moving[0].weights if self._moving else self.model.get_weights()
        self._plain.set_weights(kept)
        with written_whole(self._out / "best.keras", own=True, ending=".keras") as beside:
            self._plain.save(beside)
