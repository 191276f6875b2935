"""The line that trains a network again, made of the recipe that its run kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from convert.datasets.corpus import RAVDESS
from convert.zoo import kind_of

_FLAGS = frozenset(
    (
        "epochs",
        "batch_size",
        "learning_rate",
        "weight_decay",
        "label_smoothing",
        "votes_share",
        "align",
        "start",
        "teacher",
        "teacher_share",
        "nonface",
        "nonface_share",
        "average",
        "calm_epochs",
        "seed",
        "mixup",
        "split",
        "sequences",
        "finish_epochs",
        "windows",
    )
)
_DRAWN = ("noise_share", "noise_max")
_DARK = "dark_share"
"""Of the augmentations, what `--on-device` alone has."""


def commands(name: str, stages: Sequence[dict[str, Any]]) -> Iterator[str]:
    """A line a stage; each goes on from the one before."""
    for number, recipe in enumerate(stages, 1):
        if len(stages) == 1:
            yield command(name, recipe, f"runs/{name}")
            continue
        before = {"start": f"runs/{name}/stage{number - 1}/best.keras"} if number > 1 else {}
        yield command(name, {**recipe, **before}, f"runs/{name}/stage{number}")


def command(name: str, recipe: dict[str, Any], out: str) -> str:
    """The line that trains by this recipe."""
    kind = "corpora" if "corpora" in recipe else kind_of(name)
    flags = [f"edge-convert train {kind} {name} --data DATA --out {out}"]
    flags += [f"--corpus {corpus}.csv" for corpus in recipe.get("corpora", ()) if corpus != RAVDESS]
    unused = {f"{key}_share" for key in ("teacher", "nonface") if not recipe.get(key)}
    flags += [_flag(key, value) for key, value in recipe.items() if key in _FLAGS - unused]
    augmentation = recipe.get("augmentation", {})
    changes = {key: value for key, value in augmentation.items() if key != "noise_max"}
    if changes and not any(changes.values()):
        flags.append("--no-augment")
    else:
        flags += [_flag(key, augmentation[key]) for key in _DRAWN if key in augmentation]
        flags += ["--on-device"] if augmentation.get(_DARK) else []
    return " ".join(flag for flag in flags if flag)


def _flag(key: str, value: Any) -> str:
    option = "--" + key.replace("_", "-")
    if isinstance(value, bool):
        return option if value else option.replace("--", "--no-")
    return f"{option} {value}" if value not in ("", None) else ""
