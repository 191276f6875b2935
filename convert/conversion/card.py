"""What a converted model says of itself: in its file, and on the card beside it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convert.conversion.inspect import inspect
from convert.datasets import Provenance
from convert.zoo import Architecture
from edge.errors import ModelError
from edge.models import Figure, ModelCard
from edge.models.card import Preprocessing

if TYPE_CHECKING:
    pass


def describe(
    architecture: Architecture,
    preprocessing: Preprocessing,
    provenance: Provenance,
    parameters: int,
    macs: int,
) -> dict[str, Any]:
    """The metadata that goes into the .tflite: all of the card that the file cannot tell."""
    return {
        "name": architecture.name,
        "modality": architecture.modality,
        "labels": list(architecture.labels),
        "preprocessing": preprocessing.model_dump(mode="json"),
        "parameters": parameters,
        "macs": macs,
        "source": architecture.source,
        "training_data": provenance.training_data,
        "licence": provenance.licence,
        "terms": provenance.terms,
    }


def card_of(path: Path, figures: tuple[Figure, ...] = ()) -> ModelCard:
    """The card of the .tflite at `path`. Raises ModelError where it carries no metadata."""
    found = inspect(path)
    if found.metadata is None:
        raise ModelError(f"{path} carries no metadata: make it with edge-convert quantize")
    content = path.read_bytes()
    source = found.inputs[0]
    fields = {
        **found.metadata,
        "input_shape": source.shape[1:],
        "dtype": source.dtype,
        "scale": source.scale,
        "zero_point": source.zero_point,
        "sha256": hashlib.sha256(content).hexdigest(),
        "size_bytes": len(content),
        "figures": figures,
    }
    try:
        return ModelCard.model_validate(fields)
    except ValueError as error:
        raise ModelError(f"the metadata in {path} is not valid: {error}") from error
