"""`edge-convert import` from end to end: read, tell the scaling, convert, check, write."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.conversion import input_scaling, scaling_trial
from convert.conversion.checks import read_structure
from convert.conversion.importing import (
    REPRESENTATIVE,
    Exported,
    Wanted,
    described,
    embed,
    exported,
    to_int8,
)
from convert.datasets.examples import Example
from convert.datasets.own import OwnPictures, as_frames, check_labels, load_pictures
from convert.datasets.own_sounds import load_sounds
from edge.errors import ConversionError
from edge.models import Figure, Model, ModelCard, write_card
from edge.models.description import input_scaling as scaling_of_input
from edge.models.scaling import NAMED
from edge.settings.sections import PreprocessSettings
from edge.system.outputs import written_whole

_IN_FILE = {"input_shape", "dtype", "scale", "zero_point", "sha256", "size_bytes", "figures"}
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Imported:
    """The model that was written; `notes` say what was found out, `doubts` what is not sure.

    float32: the network before int8, where there was data to compare them on
    test:    the pictures that neither ranges nor scaling were learned from, or all of them
    """

    model: Model
    float32: Model | None = None
    test: OwnPictures | None = None
    notes: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


def import_network(
    path: Path,
    wanted: Wanted,
    examples: list[Example],
    out: Path,
    faces: str = "find",
    progress: Progress = lambda done, total: None,
) -> Imported:
    """Write `out` and its card: int8 with `examples`, float32 without.

    Raises ModelError, ConversionError and DataError with the reason, before minutes are spent
    where the file shows it.
    """
    check_labels(examples, wanted.labels)
    known = examples or wanted.scaling or wanted.kind == "voice"
    if not known and _says_no_scaling(path):
        raise _unknown_scaling(path, tried=False)
    with exported(path, wanted) as made:
        notes, doubts = made.notes, list[str]()
        pictures, wanted = _pictures(path, made, wanted, examples, faces, progress)
        learned = None if pictures is None else _part(pictures, examples, "training")
        scaling = _scaling(path, made, wanted, learned, notes, doubts)
        given = described(path, made, wanted, scaling, made.content)
        float32 = None
        kept = given
        if made.converted:
            notes.append(f"a .tflite stays as it is: {given.card.dtype} in")
        elif learned is None:
            doubts.append("without --data it stays float32: give some, and it becomes int8")
        else:
            content = to_int8(path, made, _scaled(learned, given.card))
            kept, float32 = described(path, made, wanted, scaling, content), given
        test = None if pictures is None else _part(pictures, examples, "test")
        return Imported(_written(kept, out, made), float32, test, notes, doubts)


def _pictures(
    path: Path,
    made: Exported,
    wanted: Wanted,
    examples: list[Example],
    faces: str,
    progress: Progress,
) -> tuple[OwnPictures | None, Wanted]:
    """The examples in the network's size, and its colour where they tell it."""
    if not examples:
        return None, wanted
    trial = described(path, made, wanted, wanted.scaling or "0-1", made.content).card
    if wanted.kind == "voice":
        return load_sounds(examples, wanted.labels, trial.features, progress), wanted
    preprocessing = PreprocessSettings(margin=wanted.margin, stretch=wanted.stretch)
    shape, labels = trial.picture_format, wanted.labels
    loaded = load_pictures(examples, labels, preprocessing, shape, faces, progress)
    if shape.channels == 3 and loaded.in_gray and not wanted.colour:
        made.notes.append("all pictures are gray: the device will give it gray in all 3 channels")
        return loaded, replace(wanted, colour="gray")
    if shape.channels == 1 and not loaded.in_gray:
        made.notes.append("it has one channel: colours are made gray, as on the device")
    return loaded, wanted


def _scaling(
    path: Path,
    made: Exported,
    wanted: Wanted,
    pictures: OwnPictures | None,
    notes: list[str],
    doubts: list[str],
) -> str:
    """What was said, what the file says, or what fits the pictures best."""
    if wanted.scaling:
        if pictures is not None:
            scaling_trial.compare(path, made, wanted, pictures)
        return wanted.scaling
    by_file = scaling_of_input(made.found.inputs[0]) if made.converted else None
    found = input_scaling.from_layers(made.structure.layers, made.facts["normalization"])
    if by_file is not None:
        found = input_scaling.ScalingFound(by_file, "its quantized input has that range")
    if found is None and wanted.kind == "voice":
        found = input_scaling.ScalingFound(NAMED["0-1"], "patches of sound are 0 to 1")
    if found is None and pictures is not None:
        found = scaling_trial.choose(path, made, wanted, pictures)
    if found is None:
        raise _unknown_scaling(path, tried=pictures is not None)
    (notes if found.sure else doubts).append(f"scaling {found.scaling}: {found.why}")
    return str(found.scaling)


def _says_no_scaling(path: Path) -> bool:
    """Whether the layers of a file that lists them show that it has none of its own."""
    layers = read_structure(path).layers
    return bool(layers) and input_scaling.from_layers(layers, [0.0]) is None


def _unknown_scaling(path: Path, *, tried: bool) -> ConversionError:
    what = (
        " and no usual one names the pictures better than another: say it with --scaling, and see "
        "that --labels are right"
        if tried
        else ": give pictures to try it on with --data, or say it with --scaling"
    )
    return ConversionError(
        f"the scaling that {path} was trained with is not in its file{what} "
        f"({', '.join(NAMED)} or MEAN/DEVIATION)"
    )


def _scaled(pictures: OwnPictures, card: ModelCard) -> NDArray[np.float32]:
    """float32 (n, *input_shape), as the network was trained."""
    some = pictures.some(REPRESENTATIVE)
    values = card.scaling.values().astype(np.float32)
    images = some.images.reshape(len(some), *card.input_shape[-3:])
    columns = np.arange(images.shape[-1]) if card.scaling.per_channel else 0
    scaled: NDArray[np.float32] = values[images, columns]
    return as_frames(scaled, card)


def _part(pictures: OwnPictures, examples: list[Example], part: str) -> OwnPictures:
    """Those of the part; all of them where the examples are in none."""
    index = np.flatnonzero([one.part == part for one in examples])
    return pictures.take(index) if len(index) else pictures


def _written(model: Model, out: Path, made: Exported) -> Model:
    """`model` at `out`, with its metadata inside and its card beside it."""
    card = model.card.model_copy(update={"name": out.stem})
    content = model.content or b""
    if not made.converted:
        content = embed(content, card.model_dump(mode="json", exclude=_IN_FILE))
    changes = {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}
    card = card.model_copy(update=changes)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(out) as beside:
            beside.write_bytes(content)
            write_card(card, out.with_suffix(".json"))
    except OSError as error:
        raise ConversionError(f"{out} cannot be written: {error.strerror}") from error
    return Model(out, card, content)


def with_figures(model: Model, figures: tuple[Figure, ...]) -> Model:
    """The model, its figures on the card beside it."""
    card = model.card.model_copy(update={"figures": figures})
    write_card(card, model.path.with_suffix(".json"))
    return Model(model.path, card, model.content)
