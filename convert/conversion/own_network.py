"""`edge-convert import` from end to end: read, tell the scaling, convert, check, write."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from convert.conversion import input_scaling
from convert.conversion.importing import (
    REPRESENTATIVE,
    Exported,
    described,
    embed,
    exported,
    to_int8,
)
from convert.conversion.input_scaling import ScalingFound
from convert.conversion.scaling_trial import asked_of, decided
from convert.conversion.wanted import Checked, Wanted, checked
from convert.datasets.examples import Example
from convert.datasets.own import OwnPictures, as_frames, check_labels, load_pictures
from convert.datasets.own_sounds import load_sounds
from edge.errors import ConversionError
from edge.models import Figure, Model, ModelCard, write_card
from edge.models.description import input_scaling as scaling_of_input
from edge.models.description import input_shape
from edge.models.scaling import NAMED, parse_scaling
from edge.settings.sections import PreprocessSettings
from edge.system.outputs import written_whole
from edge.vision.picture_format import Colour, PictureFormat

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
    file = checked(path, wanted)
    open_scaling = _says_no_scaling(file)
    if open_scaling and not (examples or wanted.scaling or wanted.kind == "voice"):
        raise _unknown_scaling(path)
    notes, doubts = list[str](), list[str]()
    pictures = learned = trial = None
    if examples and wanted.kind == "face" and file.shape is not None:
        pictures, wanted = _faces(file.shape, wanted, examples, faces, progress, notes)
        learned = _part(pictures, examples, "training")
        trial = asked_of(learned, wanted) if wanted.scaling or open_scaling else None
    with exported(path, wanted, file, trial) as made:
        notes.extend(made.notes)
        made.notes = notes
        if examples and pictures is None:
            pictures, wanted = _pictures(path, made, wanted, examples, faces, progress)
            learned = _part(pictures, examples, "training")
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
) -> tuple[OwnPictures, Wanted]:
    """As `_faces`, of a network whose file alone does not tell its input; or its sounds."""
    if wanted.kind == "voice":
        card = described(path, made, wanted, wanted.scaling or "0-1", made.content).card
        return load_sounds(examples, wanted.labels, card.features, progress), wanted
    shape = input_shape(path, made.found.inputs[0], wanted.kind)
    return _faces(shape, wanted, examples, faces, progress, made.notes)


def _faces(
    shape: tuple[int, ...],
    wanted: Wanted,
    examples: list[Example],
    faces: str,
    progress: Progress,
    notes: list[str],
) -> tuple[OwnPictures, Wanted]:
    """The examples in the network's size, and its colour where they tell it."""
    height, width, channels = shape[-3:]
    colour = wanted.colour or ("rgb" if channels == 3 else "gray")
    loaded = load_pictures(
        examples,
        wanted.labels,
        PreprocessSettings(margin=wanted.margin, stretch=wanted.stretch),
        PictureFormat(height, width, channels, cast("Colour", colour)),
        faces,
        progress,
    )
    if channels == 3 and loaded.in_gray and not wanted.colour:
        notes.append("all pictures are gray: the device will give it gray in all 3 channels")
        return loaded, replace(wanted, colour="gray")
    if channels == 1 and not loaded.in_gray:
        notes.append("it has one channel: colours are made gray, as on the device")
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
    by_file = scaling_of_input(made.found.inputs[0]) if made.converted else None
    found = input_scaling.from_layers(made.structure.layers, made.facts["normalization"])
    if by_file is not None:
        found = ScalingFound(by_file, "its quantized input has that range")
    if found is None and wanted.kind == "voice":
        found = ScalingFound(NAMED["0-1"], "patches of sound are 0 to 1")
    if tried := made.facts.get("scaling"):
        found = ScalingFound(parse_scaling(tried["scaling"]), tried["why"], tried["sure"])
    elif pictures is not None and (wanted.scaling or found is None):
        found = decided(path, made, wanted, pictures)
    if wanted.scaling:
        return wanted.scaling
    if found is None:
        raise _unknown_scaling(path)
    (notes if found.sure else doubts).append(f"scaling {found.scaling}: {found.why}")
    return str(found.scaling)


def _says_no_scaling(file: Checked) -> bool:
    """Whether the layers of a file that lists them show that it has none of its own."""
    layers = file.structure.layers
    return bool(layers) and input_scaling.from_layers(layers, [0.0]) is None


def _unknown_scaling(path: Path) -> ConversionError:
    return ConversionError(
        f"the scaling that {path} was trained with is not in its file: give pictures to try it on "
        f"with --data, or say it with --scaling ({', '.join(NAMED)} or MEAN/DEVIATION)"
    )


def _scaled(pictures: OwnPictures, card: ModelCard) -> NDArray[np.float32]:
    """float32 (n, *input_shape), as the network was trained."""
    some = pictures.some(REPRESENTATIVE)
    images = some.images.reshape(len(some), *card.input_shape[-3:])
    return as_frames(input_scaling.scaled(images, card.scaling), card)


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
