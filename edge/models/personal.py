"""A person's own calibration of a network: some numbers in a TOML beside its card, and no more."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from msgspec import field

from edge.errors import ModelError
from edge.models import PERSONAL_SUFFIX, Model
from edge.models.card import Calibration, Label
from edge.models.description import MAX_BYTES
from edge.models.recalibration import MAX_OFFSET, PRECISION, Adjustment, Gain
from edge.system.outputs import written_whole
from edge.system.record import Meta, Record, ValidationError, complaint
from edge.system.small_file import parse_toml, read_small

_MOST = 10.0
PROTOCOL = "edge calibrate"
"""So begins a calibration's protocol where it is a person's own."""


class Personal(Record, kw_only=True):
    """mine.calibration.toml beside mine.tflite: goes on top of what the card says of the scores."""

    sha256: str
    """Of the file that it was made for."""
    temperature: Annotated[float, Meta(ge=0.1, le=10)]
    offsets: dict[Label, Annotated[float, Meta(ge=-_MOST, le=_MOST)]]
    floor: Annotated[float, Meta(ge=0, lt=1)] | None = None
    """The lowest confidence above which `PRECISION` of the person's own pictures were named
    rightly; None in files of older releases: the card's."""
    pictures: Annotated[int, Meta(ge=0)] = 0
    made: str = ""
    coverage: dict[Label, Annotated[float, Meta(ge=0, le=1)]] = field(default_factory=dict)
    """Label → the share of the person's pictures above the floor."""


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
    said: dict[str, Any] = {
        "floor": _floor(model, kept),
        "precision": PRECISION if kept.floor is not None else 0.0,
        "coverage": kept.coverage,
        "protocol": f"{PROTOCOL}, {kept.pictures} pictures of its person, {kept.made}",
    }
    if before is None:
        return Calibration(temperature=kept.temperature, offsets=kept.offsets, **said)
    offsets = {
        label: before.offsets.get(label, 0.0) + before.temperature * kept.offsets.get(label, 0.0)
        for label in model.card.labels
    }
    changes = {
        "temperature": before.temperature * kept.temperature,
        "offsets": {label: min(max(value, -_MOST), _MOST) for label, value in offsets.items()},
    }
    return before.model_copy(update=changes | (said if kept.floor is not None else {}))


def _floor(model: Model, kept: Personal) -> float:
    """What the person's pictures ask for, and no less than the card's at the new temperature: it
    keeps what is no face from getting a label, of which these pictures say nothing."""
    floor, n = model.card.floor, len(model.card.labels)
    peak = floor ** (1 / kept.temperature)
    others = (n - 1) * ((1 - floor) / (n - 1)) ** (1 / kept.temperature)
    return float(min(0.99, max(kept.floor or 0.0, peak / (peak + others))))


def keep(model: Model, found: Adjustment, worth: Gain) -> Path:
    """Write the numbers beside the card. Raises ModelError where that cannot be done."""
    path = path_of(model.path)
    lines = [
        "# By edge calibrate; edge calibrate --undo removes it.",
        f'sha256 = "{model.card.sha256}"',
        f"temperature = {found.temperature:.4f}",
        f"floor = {worth.floor:.4f}",
        f"pictures = {worth.pictures}",
        f'made = "{date.today().isoformat()}"',
        "[offsets]",
    ]
    for label, offset in zip(model.card.labels, found.offsets, strict=True):
        within = min(max(float(offset), -MAX_OFFSET), MAX_OFFSET)
        lines.append(f"{json.dumps(label, ensure_ascii=False)} = {within:.4f}")
    lines.append("[coverage]")
    for label, share in zip(model.card.labels, worth.coverage, strict=True):
        lines.append(f"{json.dumps(label, ensure_ascii=False)} = {share:.3f}")
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
