"""What a person says of a network of their own, and what goes with what its file shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from convert.conversion.checks import MAX_STEPS, Structure, read_structure
from edge.audio.feature_settings import FeatureSettings
from edge.errors import ConversionError
from edge.models.description import check_classes, patch_shape
from edge.models.probe import End

TRIAL_FILE = "trial.npz"
"""Pictures and labels that a Keras network's scaling is tried on, in the conversion's folder."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person says of the network; what is empty is found out.

    size: (height, width), where the file leaves it open
    """

    labels: tuple[str, ...]
    size: tuple[int, int] | None = None
    scaling: str = ""
    colour: str = ""
    output: str = ""
    step_s: float = 0.2
    margin: float = 0.0
    stretch: bool = False
    kind: Literal["face", "voice"] = "face"
    features: FeatureSettings | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that may be converted. shape: its input's, None where only running it tells"""

    structure: Structure
    shape: tuple[int, ...] | None


def checked(path: Path, wanted: Wanted) -> Checked:
    """What the file alone shows. Raises ModelError, ConversionError, each with the reason."""
    structure = read_structure(path)
    if structure.classes not in (None, len(wanted.labels)):
        check_classes(path, End((1, structure.classes or 0), "", 0, 0), len(wanted.labels))
    return Checked(structure, _shape(path, structure, wanted))


def _shape(path: Path, structure: Structure, wanted: Wanted) -> tuple[int, ...] | None:
    """The input's, made whole by the size that was given. None: the file's own."""
    known = structure.input_shape
    if structure.kind == "tflite" or not known:
        return (*wanted.size, 3) if wanted.size and structure.kind == "saved_model" else None
    if wanted.kind == "voice":
        patch = _patch(path, known, wanted)
        _check_steps(path, structure, patch[0])
        return patch
    if len(known) not in (3, 4):
        raise ConversionError(
            f"{path} takes {known}: give a network of pictures (height, width, channels), or of "
            "(frames, height, width, channels)"
        )
    *frames, height, width, channels = known
    if wanted.size is not None:
        height, width = height or wanted.size[0], width or wanted.size[1]
    if None in (height, width):
        raise ConversionError(
            f"{path} takes pictures of any size {known}: say the one it was trained with, such as "
            "--size 96x96"
        )
    if frames == [None]:
        raise ConversionError(f"{path} takes any number of frames: save it with a fixed one")
    if channels not in (1, 3):
        first = " with its channels first" if known[-3] in (1, 3) else ""
        raise ConversionError(f"{path} takes {known}{first}: save it with 1 or 3 channels, last")
    _check_steps(path, structure, frames[0] if frames else 0)
    return tuple(int(n) for n in (*frames, height, width, channels) if n is not None)


def _patch(path: Path, known: tuple[int | None, ...], wanted: Wanted) -> tuple[int, ...]:
    """Of a network for voices: (frames, bands), then 1 where it has that."""
    shape = known
    if wanted.size is not None and len(known) in (2, 3):
        shape = tuple(n or size for n, size in zip(known[:2], wanted.size, strict=True)) + known[2:]
    if None in shape:
        raise ConversionError(
            f"{path} takes patches of any length {known}: say the one it was trained with, such as "
            "--size 304x64 (frames x bands)"
        )
    found = tuple(int(n) for n in shape if n is not None)
    patch_shape(path, End((1, *found), "", 0, 0))
    return found


def _check_steps(path: Path, structure: Structure, steps: int | None) -> None:
    if structure.recurrent and (steps or 0) > MAX_STEPS:
        raise ConversionError(
            f"{path} runs its {structure.recurrent[0]} over {steps} steps and may over "
            f"{MAX_STEPS}: give it fewer frames"
        )
