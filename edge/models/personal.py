"""A person's own calibration of a network: some numbers in a TOML beside its card, and no more."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated

from edge.errors import ModelError
from edge.models import PERSONAL_SUFFIX, Model
from edge.models.card import DEFAULT_FLOOR, Calibration, Label
from edge.models.description import MAX_BYTES
from edge.models.recalibration import MAX_OFFSET, Adjustment
from edge.system.outputs import written_whole
from edge.system.record import Meta, Record, ValidationError, complaint
from edge.system.small_file import parse_toml, read_small

_MOST = 10.0


class Personal(Record, kw_only=True):
    """mine.calibration.toml beside mine.tflite: goes on top of what the card says of the scores."""

    sha256: str
    """Of the file that it was made for."""
    temperature: Annotated[float, Meta(ge=0.1, le=10)]
    offsets: dict[Label, Annotated[float, Meta(ge=-_MOST, le=_MOST)]]


def path_of(model: Path) -> Path:
    return model.with_suffix(PERSONAL_SUFFIX)


def personal(model: Model) -> Model:
    """`model` as its person calibrated it; itself where nobody did. Raises ModelError."""
    path = path_of(model.path)
    try:
        kept = Personal.model_validate(parse_toml(read_small(path, MAX_BYTES)))
    except FileNotFoundError:
        return model
    except ValidationError as error:
        where, what = complaint(error)
        raise ModelError(f"{path}: {'.'.join(where) or 'it'}: {what}: {_AGAIN}") from error
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read as TOML ({error}): {_AGAIN}") from error
    if kept.sha256 != model.card.sha256:
        raise ModelError(f"{path} was made for another file than {model.path.name}: {_AGAIN}")
    strange = set(kept.offsets) - set(model.card.labels)
    if strange:
        raise ModelError(f"{path} names {min(strange)!r}, none of its labels: {_AGAIN}")
    return replace(model, card=model.card.model_copy(update={"calibration": _on_top(model, kept)}))


_AGAIN = "make it again with edge calibrate, or remove it with edge calibrate --undo"


def _on_top(model: Model, kept: Personal) -> Calibration:
    """Both as one: first what the card says, then what the person's faces said."""
    before = model.card.calibration
    if before is None:
        return Calibration(
            temperature=kept.temperature,
            offsets=kept.offsets,
            floor=DEFAULT_FLOOR,
            precision=0.0,
            coverage={},
            protocol="edge calibrate",
        )
    offsets = {
        label: before.offsets.get(label, 0.0) + before.temperature * kept.offsets.get(label, 0.0)
        for label in model.card.labels
    }
    changes = {
        "temperature": before.temperature * kept.temperature,
        "offsets": {label: min(max(value, -_MOST), _MOST) for label, value in offsets.items()},
    }
    return before.model_copy(update=changes)


def keep(model: Model, found: Adjustment) -> Path:
    """Write the numbers beside the card. Raises ModelError where that cannot be done."""
    path = path_of(model.path)
    lines = [
        f"# By edge calibrate, {date.today().isoformat()}; edge calibrate --undo removes it.",
        f'sha256 = "{model.card.sha256}"',
        f"temperature = {found.temperature:.4f}",
        "[offsets]",
    ]
    for label, offset in zip(model.card.labels, found.offsets, strict=True):
        within = min(max(float(offset), -MAX_OFFSET), MAX_OFFSET)
        lines.append(f"{json.dumps(label, ensure_ascii=False)} = {within:.4f}")
    try:
        with written_whole(path, own=True) as beside:
            beside.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise ModelError(
            f"{path} cannot be written ({error.strerror}): copy {model.path.name} and its .json "
            "into a folder of yours and give that with --model"
        ) from error
    return path


def undo(model: Path) -> bool:
    """Remove the numbers; whether there were any. Raises ModelError where that cannot be done."""
    path = path_of(model)
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise ModelError(f"{path} cannot be removed: {error.strerror}") from error
    return True
