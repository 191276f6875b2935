"""A network without a card: what a person says of it, by settings or in a small TOML beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, cast

from edge.audio.feature_settings import FeatureSettings
from edge.errors import ModelError, UsageError
from edge.models.card import MAX_LABELS, NOT_STATED, Dtype, Label, ModelCard, Preprocessing
from edge.models.probe import End, Probe
from edge.models.scaling import NAMED, Scaling, parse_scaling
from edge.settings.sections import PreprocessSettings, Settings
from edge.system.digest import sha256
from edge.system.record import Meta, Record, ValidationError, complaint
from edge.system.small_file import parse_toml, read_small
from edge.vision.picture_format import Colour
from edge.vision.sequence_settings import SequenceSettings

MAX_BYTES = 16 << 10
"""A longer TOML describes no network."""


class Description(Record):
    """mine.toml beside mine.tflite, or the settings of [model]."""

    labels: Annotated[tuple[Label, ...], Meta(min_length=2, max_length=MAX_LABELS)]
    """In the order of the outputs."""
    kind: Literal["face", "voice"] = "face"
    features: FeatureSettings | None = None
    """Of a voice: what its patches were made with, but for their size, which is the file's; None:
    the defaults."""
    scaling: str = ""
    """0-1, -1-1, 0-255, imagenet, or MEAN/DEVIATION in bytes; "": by the file's own input
    range, where it has one."""
    colour: Colour | Literal[""] = ""
    """rgb, bgr or gray; "": gray for one channel, rgb for three."""
    output: Literal["probabilities", "logits", ""] = ""
    """"": what the outputs of three test runs are."""
    step_s: Annotated[float, Meta(gt=0, le=10)] = 0.2
    """A network for video: the time between two of its pictures."""
    margin: Annotated[float, Meta(ge=-0.2, le=0.5)] = 0.0
    """Added around a face on every side, as a share of its box."""
    stretch: bool = False
    """Whether it learned from faces whose light was spread over the whole scale."""


def read_description(path: Path) -> Description | None:
    """What the TOML at `path` says; None where there is none. Raises UsageError."""
    try:
        return Description.model_validate(parse_toml(read_small(path, MAX_BYTES)))
    except FileNotFoundError:
        return None
    except ValidationError as error:
        where, message = complaint(error)
        raise UsageError(f"{path}: {'.'.join(where) or 'it'}: {message}") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read as TOML: {error}") from error


def settings_description(settings: Settings) -> Description | None:
    """What the settings say of a network for faces that has no card; None where they are silent."""
    said = settings.model
    if not said.labels:
        return None
    return Description(
        labels=said.labels,
        scaling=said.scaling,
        colour=said.colour,
        output=said.output,
        margin=settings.preprocess.margin,
    )


def described_card(path: Path, content: bytes, found: Probe, said: Description) -> ModelCard:
    """A card of what the file shows and a person says. Raises ModelError where they disagree."""
    source = only_end(found, path)
    check_classes(path, found.outputs[0], len(said.labels))
    shape = input_shape(path, source, said.kind)
    try:
        modality, preprocessing = _preprocessing(shape, said)
        return ModelCard(
            name=path.stem,
            modality=modality,
            labels=said.labels,
            input_shape=shape,
            dtype=cast("Dtype", source.dtype),
            scale=source.scale or 1.0,
            zero_point=source.zero_point,
            scaling=_scaling(path, source, said),
            colour=said.colour or ("rgb" if shape[-1] == 3 and said.kind == "face" else "gray"),
            output=said.output or ("probabilities" if found.probabilities else "logits"),
            preprocessing=preprocessing,
            parameters=0,
            macs=0,
            sha256=sha256(content),
            size_bytes=len(content),
            source=f"imported from {path.name}",
            training_data=NOT_STATED,
            licence=NOT_STATED,
            terms=NOT_STATED,
        )
    except ValidationError as error:
        where, message = complaint(error)
        raise ModelError(f"{path} cannot be used: {': '.join((*where, message))}") from error


def _preprocessing(
    shape: tuple[int, ...], said: Description
) -> tuple[Literal["face", "video", "speech"], Preprocessing]:
    if said.kind == "voice":
        features = said.features or FeatureSettings()
        bands = shape[1] - features.energy - features.f0
        size = "n_mels" if features.spectrum == "log_mel" else "n_mfcc"
        return "speech", FeatureSettings.model_validate(
            features.model_dump() | {"window_frames": shape[0], size: bands}
        )
    if len(shape) == 4:
        return "video", SequenceSettings(
            frames=shape[0], step_s=said.step_s, margin=said.margin, stretch=said.stretch
        )
    return "face", PreprocessSettings(margin=said.margin, stretch=said.stretch)


def input_shape(path: Path, source: End, kind: str) -> tuple[int, ...]:
    """Without the batch: `picture_shape`, or of a voice `patch_shape`."""
    return patch_shape(path, source) if kind == "voice" else picture_shape(path, source)


def patch_shape(path: Path, source: End) -> tuple[int, ...]:
    """(frames, bands) or (frames, bands, 1). Raises ModelError for another."""
    shape = source.shape
    if len(shape) == 2 or (len(shape) == 3 and 1 in shape[1:]):
        raise ModelError(
            f"{path} takes {shape}, raw samples: give a network that takes log-mel patches "
            "(1, frames, bands), which the device makes of them as edge.sound_patches does"
        )
    if len(shape) not in (3, 4) or shape[0] != 1 or (len(shape) == 4 and shape[-1] != 1):
        raise ModelError(
            f"{path} takes {shape}: give a network of sound that takes (1, frames, bands) or "
            "(1, frames, bands, 1)"
        )
    return shape[1:]


def only_end(found: Probe, path: Path) -> End:
    """The file's one input. Raises ModelError where it has another number of them or of outputs."""
    if len(found.inputs) != 1:
        raise ModelError(
            f"{path} takes {len(found.inputs)} inputs: give a network that takes the picture alone"
        )
    if len(found.outputs) != 1:
        shapes = ", ".join(str(end.shape) for end in found.outputs)
        raise ModelError(
            f"{path} has {len(found.outputs)} outputs ({shapes}): give it with the one that names "
            "the labels"
        )
    return found.inputs[0]


def check_classes(path: Path, target: End, n_labels: int) -> None:
    """Raises ModelError where the outputs are not one for each label."""
    n = target.shape[-1] if len(target.shape) == 2 and target.shape[0] == 1 else 0
    if not n:
        raise ModelError(
            f"{path} gives {target.shape}: give a network with one row of scores, (1, labels)"
        )
    if n != n_labels:
        given = f"{n_labels} label{'s are' if n_labels != 1 else ' is'} given"
        raise ModelError(f"{path} names {n} classes and {given}: give {n}")


def picture_shape(path: Path, source: End) -> tuple[int, ...]:
    """(height, width, channels), after the frames for video. Raises ModelError for another."""
    shape = source.shape
    if len(shape) not in (4, 5) or shape[0] != 1 or min(shape) < 1:
        raise ModelError(
            f"{path} takes {shape}: give a network of pictures (1, height, width, channels), or of "
            "(1, frames, height, width, channels)"
        )
    if shape[-1] not in (1, 3):
        first = " with its channels first: export it with them last" if shape[-3] in (1, 3) else ""
        raise ModelError(f"{path} takes {shape}{first or ': its channels are neither 1 nor 3'}")
    if min(shape[-3:-1]) < 8:
        raise ModelError(f"{path} takes pictures of {shape[-3]}x{shape[-2]}: give 8x8 or more")
    return shape[1:]


def input_scaling(source: End) -> Scaling | None:
    """The scaling whose values fill a quantized input's range; None where none does."""
    if source.dtype not in ("int8", "uint8") or not source.scale:
        return None
    lowest = -128 if source.dtype == "int8" else 0
    low = (lowest - source.zero_point) * source.scale
    high = (lowest + 255 - source.zero_point) * source.scale
    for scaling in NAMED.values():
        values = scaling.values()
        width = high - low
        if abs(values.min() - low) < 0.05 * width and abs(values.max() - high) < 0.05 * width:
            return scaling
    return None


def _scaling(path: Path, source: End, said: Description) -> Scaling:
    if said.scaling:
        return parse_scaling(said.scaling)
    found = input_scaling(source)
    if found is not None:
        return found
    if source.dtype == "uint8" and not source.scale:
        return NAMED["0-255"]
    if said.kind == "voice":
        return NAMED["0-1"]
    raise ModelError(
        f"the scaling that {path} was trained with cannot be told from the file: say it with "
        f"--scaling {', '.join(NAMED)} or MEAN/DEVIATION"
    )
