"""A model's card: what stands beside a .tflite and says what it is, made of what, worth what."""

from __future__ import annotations

import json
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import field
from msgspec.structs import force_setattr

from edge.audio.feature_settings import FeatureSettings
from edge.errors import ModelError
from edge.models.labels import FusionInputs
from edge.models.scaling import Scaling
from edge.settings.sections import PreprocessSettings
from edge.system.outputs import written_whole
from edge.system.record import Meta, Record, ValidationError, complaint
from edge.system.small_file import read_small
from edge.vision.picture_format import Colour, PictureFormat
from edge.vision.sequence_settings import SequenceSettings

Dtype = Literal["int8", "uint8", "float32"]
_Text = Annotated[str, Meta(min_length=1)]
Label = Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f]{1,64}\Z")]
"""A class's name: it stands in the log, on pages and in topics."""
MAX_LABELS = 100
MAX_CARD_BYTES = 1 << 20
MAX_MODEL_BYTES = 256_000_000
"""A larger file is no network for a small board."""
MAX_INPUT_VALUES = 1 << 24
NOT_STATED = "not stated"
"""Where a card has no word of it."""
if TYPE_CHECKING:
    Preprocessing = PreprocessSettings | SequenceSettings | FeatureSettings | FusionInputs
else:
    Preprocessing = Any  # read once the modality is known, which says what it is
"""How a face, a sequence of it, a sound, or the scores of face and voice become the model's input:
one for each modality."""

DEFAULT_FLOOR = 0.35
"""Of a model that is not calibrated."""

_OF_MODALITY: dict[str, type[Record]] = {
    "face": PreprocessSettings,
    "video": SequenceSettings,
    "speech": FeatureSettings,
    "fusion": FusionInputs,
}


class Figure(Record):
    """One measured value and how it was measured, so that it can be measured again."""

    name: _Text
    """Precision first: "int8 accuracy", "float32 macro F1", "int8 accuracy at noise 0.3"."""
    value: float
    """A share, 0 to 1, unless the name gives a unit."""
    protocol: _Text


class Calibration(Record, kw_only=True):
    """How a model's scores become confidences that mean what they say, and when it says nothing.

    A score p of a label counts as (p * e ** offset) ** (1 / temperature), and all of them are then
    made to sum to 1 (Guo et al. 2017: temperature; Alexandari et al. 2020: the offsets, for labels
    that are rarer or more frequent than in training). The floor is the lowest confidence above
    which what is said is right as often as `precision`. All are chosen on the same part.
    """

    temperature: Annotated[float, Meta(gt=0)]
    offsets: dict[str, Annotated[float, Meta(ge=-10, le=10)]] = field(default_factory=dict)
    """Label → what is added to the logarithm of its score; 0 for a label that is not named."""
    floor: Annotated[float, Meta(ge=0, lt=1)]
    precision: Annotated[float, Meta(ge=0, le=1)]
    coverage: dict[str, Annotated[float, Meta(ge=0, le=1)]]
    """Label → the share of its pictures about which something is said, on the test part."""
    protocol: _Text


class ModelCard(Record, kw_only=True):
    """What the runtime needs to know of a model, and what a person should."""

    name: _Text
    modality: Literal["face", "video", "speech", "fusion"]
    labels: Annotated[tuple[Label, ...], Meta(min_length=2, max_length=MAX_LABELS)]
    input_shape: Annotated[tuple[Annotated[int, Meta(gt=0)], ...], Meta(min_length=1)]
    """Without the batch: (height, width, channels) of a picture, with its length before these
    for a sequence of them."""
    dtype: Dtype
    """Of the input."""
    scale: Annotated[float, Meta(gt=0)]
    """A quantized input means (value - zero_point) * scale; a float32 one has 1 and 0."""
    zero_point: int
    scaling: Scaling = Scaling()
    """What a picture's bytes mean to the network."""
    colour: Colour = "gray"
    output: Literal["probabilities", "logits"] = "probabilities"
    """What the file gives; logits become probabilities by softmax on the device."""
    preprocessing: Preprocessing
    """What the training data had had done to it, so what the device must do."""
    parameters: Annotated[int, Meta(ge=0)]
    """0 where they are not known."""
    macs: Annotated[int, Meta(ge=0)]
    """Multiply-accumulates of one inference; 0 where they are not known."""
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    size_bytes: Annotated[int, Meta(gt=0, le=MAX_MODEL_BYTES)]
    source: _Text
    """The paper that the architecture is from, or the file that it was imported from."""
    training_data: _Text
    licence: _Text
    """Of the training data."""
    terms: _Text
    """What that licence means for whoever uses the model, in one sentence."""
    calibration: Calibration | None = None
    """None: the scores are taken as they are, and the floor is `DEFAULT_FLOOR`."""
    figures: tuple[Figure, ...] = ()

    def __post_init__(self) -> None:
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("a label is there twice")
        self._check_preprocessing(_OF_MODALITY[self.modality])
        if prod(self.input_shape) > MAX_INPUT_VALUES:
            raise ValueError(f"an input of {self.input_shape} is larger than any picture of a face")
        if self.modality in ("face", "video"):
            self._check_picture()
        elif isinstance(self.preprocessing, FeatureSettings):
            self._check_patch(self.preprocessing)
        strange = set(self.calibration.offsets if self.calibration else ()) - set(self.labels)
        if strange:
            raise ValueError(f"an offset is for {sorted(strange)[0]!r}, none of its labels")

    def _check_preprocessing(self, kind: type[Record]) -> None:
        foreign = f"its preprocessing is not that of a {self.modality} model"
        if isinstance(self.preprocessing, dict):
            try:
                force_setattr(self, "preprocessing", kind.model_validate(self.preprocessing))
            except ValidationError as error:
                where, message = complaint(error)
                raise ValueError(f"{foreign}: {': '.join((*where, message))}") from error
        elif type(self.preprocessing) is not kind:
            raise ValueError(foreign)

    def _check_picture(self) -> None:
        rank = 3 if self.modality == "face" else 4
        if len(self.input_shape) != rank or self.input_shape[-1] not in (1, 3):
            what = "a picture is (height, width, 1 or 3), with its frames before for video"
            raise ValueError(f"its input is {self.input_shape}: {what}")
        one = self.input_shape[-1] == 1
        if one and (self.colour != "gray" or self.scaling.per_channel):
            raise ValueError(
                f"its input has one channel, and colour {self.colour} or a scaling a channel is "
                "for three: leave that out"
            )

    def _check_patch(self, features: FeatureSettings) -> None:
        patch = (features.window_frames, features.columns)
        if self.input_shape not in (patch, (*patch, 1)):
            raise ValueError(f"its input is {self.input_shape} and its features make {patch}")
        if self.scaling.per_channel:
            raise ValueError("a sound has one channel: its scaling is one number")

    @property
    def picture_format(self) -> PictureFormat:
        """The size and the colours of what a face or video network takes."""
        height, width, channels = self.input_shape[-3:]
        return PictureFormat(height, width, channels, self.colour)

    @property
    def features(self) -> FeatureSettings:
        """What a speech model hears. Raises ModelError for another model."""
        if not isinstance(self.preprocessing, FeatureSettings):
            raise ModelError(f"{self.name} is a {self.modality} model: give one for speech")
        return self.preprocessing

    @property
    def sequence(self) -> SequenceSettings | None:
        """What a video model sees; None for another model."""
        return self.preprocessing if isinstance(self.preprocessing, SequenceSettings) else None

    @property
    def inputs(self) -> FusionInputs:
        """What a fusion model combines. Raises ModelError for another model."""
        if not isinstance(self.preprocessing, FusionInputs):
            raise ModelError(f"{self.name} is a {self.modality} model: give one for fusion")
        return self.preprocessing

    @property
    def floor(self) -> float:
        """Below this confidence the model says nothing that is worth a label."""
        return self.calibration.floor if self.calibration else DEFAULT_FLOOR

    def figure(self, name: str) -> Figure | None:
        """The figure called `name`, or None where it was not measured."""
        return next((figure for figure in self.figures if figure.name == name), None)


def read_card(path: Path) -> ModelCard:
    """The card in the file `path`. Raises ModelError where it is absent or cannot be trusted."""
    try:
        text = read_small(path, MAX_CARD_BYTES)
    except FileNotFoundError as error:
        raise ModelError(
            f"{path} is missing: put the model's card beside it, say what its outputs are with "
            "--labels A,B,C, or make a card with edge-convert import"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"the card {path} cannot be read ({error}): fetch it again") from error
    try:
        return ModelCard.model_validate_json(text)
    except ValidationError as error:
        where, message = complaint(error)
        raise ModelError(
            f"the card {path} is not valid: {'.'.join(where) or 'its JSON'}: {message}: "
            "fetch it again"
        ) from error


def write_card(card: ModelCard, path: Path) -> None:
    """Write `card` as JSON that a person can read too, over an earlier one.

    Raises OSError; UsageError where the running command must not write there.
    """
    with written_whole(path, own=_is_card(path)) as beside:
        beside.write_text(card.model_dump_json(indent=2) + "\n", encoding="utf-8")


def _is_card(path: Path) -> bool:
    """Of this release or another."""
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(MAX_CARD_BYTES))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and {"sha256", "labels", "modality"} <= found.keys()
