"""A model's card: what stands beside a .tflite and says what it is, made of what, worth what."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from edge.audio.feature_settings import FeatureSettings
from edge.errors import ModelError
from edge.models.labels import FusionInputs
from edge.settings.sections import PreprocessSettings
from edge.vision.sequence_settings import SequenceSettings

_Text = Annotated[str, Field(min_length=1)]
Preprocessing = PreprocessSettings | SequenceSettings | FeatureSettings | FusionInputs
"""How a face, its course, a sound or two senses' scores become the model's input; one for each
modality."""

_OF_MODALITY: dict[str, type] = {
    "face": PreprocessSettings,
    "video": SequenceSettings,
    "speech": FeatureSettings,
    "fusion": FusionInputs,
}


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Figure(_Record):
    """One measured value and how it was measured, so that it can be measured again."""

    name: _Text
    """Precision first: "int8 accuracy", "float32 macro F1", "int8 accuracy at noise 0.3"."""
    value: float
    """A share, 0 to 1, unless the name gives a unit."""
    protocol: _Text


class ModelCard(_Record):
    """What the runtime needs to know of a model, and what a person should."""

    name: _Text
    modality: Literal["face", "video", "speech", "fusion"]
    labels: tuple[_Text, ...] = Field(min_length=2)
    input_shape: tuple[Annotated[int, Field(gt=0)], ...] = Field(min_length=1)
    """Without the batch: (height, width, channels) of a picture, with its length before these
    for a course of them."""
    dtype: Literal["int8", "float32"]
    """Of input and output alike."""
    scale: float = Field(gt=0)
    """An int8 input means (value - zero_point) * scale; a float32 one has 1 and 0."""
    zero_point: int
    preprocessing: Preprocessing
    """What the training data had had done to it, so what the device must do."""
    parameters: int = Field(gt=0)
    macs: int = Field(gt=0)
    """Multiply-accumulates of one inference."""
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size_bytes: int = Field(gt=0)
    source: _Text
    """The paper that the architecture is from."""
    training_data: _Text
    licence: _Text
    """Of the training data."""
    terms: _Text
    """What that licence means for whoever uses the model, in one sentence."""
    figures: tuple[Figure, ...] = ()

    @field_validator("labels")
    @classmethod
    def _distinct(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(labels)) != len(labels):
            raise ValueError("a label is there twice")
        return labels

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        if type(self.preprocessing) is not _OF_MODALITY[self.modality]:
            raise ValueError(f"its preprocessing is not that of a {self.modality} model")
        return self

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

    def figure(self, name: str) -> Figure | None:
        """The figure called `name`, or None where it was not measured."""
        return next((figure for figure in self.figures if figure.name == name), None)


def read_card(path: Path) -> ModelCard:
    """The card in the file `path`. Raises ModelError where it is absent or cannot be trusted."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ModelError(
            f"{path} is missing: keep a model's card beside it, or make one with edge-convert card"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"the card {path} cannot be read ({error}): fetch it again") from error
    try:
        return ModelCard.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "its JSON"
        raise ModelError(
            f"the card {path} is not valid: {where}: {first['msg'].lower()}: fetch it again"
        ) from error


def write_card(card: ModelCard, path: Path) -> None:
    """Write `card` as JSON that a person can read too."""
    path.write_text(card.model_dump_json(indent=2) + "\n", encoding="utf-8")
