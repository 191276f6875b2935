"""What a converted model says of itself: in its file, and on the card beside it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convert.datasets import Provenance
from convert.inspect import inspect
from convert.zoo import Architecture
from edge.errors import ModelError
from edge.models import Figure, ModelCard
from edge.models.card import Preprocessing

if TYPE_CHECKING:
    from convert.validate import Comparison


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


def figures(comparisons: list[Comparison], of: str) -> tuple[Figure, ...]:
    """Every figure of the comparisons, each with the protocol that gives it again; `of` says
    what they looked at."""
    found = []
    for comparison in comparisons:
        level = comparison.noise
        protocol = of
        if level:
            protocol += f"; noise clip(X + {level:g} N(0, 1), 0, 1) on X in [0, 1], then bytes"
        suffix = f" at noise {level:g}" if level else ""
        values = {
            "float32 accuracy": comparison.float32.accuracy,
            "int8 accuracy": comparison.int8.accuracy,
            "float32 macro F1": comparison.float32.macro_f1,
            "int8 macro F1": comparison.int8.macro_f1,
            "int8 and float32 agreement": comparison.agreement,
        }
        found += [
            Figure(name=name + suffix, value=round(value, 4), protocol=protocol)
            for name, value in values.items()
        ]
    return tuple(found)


def figures_on_takes(comparison: Comparison) -> tuple[Figure, ...]:
    """The figures of a network for video on true takes."""
    takes = int(comparison.int8.confusion.sum())
    protocol = (
        f"{takes} true takes of RAVDESS with faces, seen by no network in training: the mean of "
        "what it says of every course in a take; calm is none of them"
    )
    values = {
        "float32 accuracy on true takes": comparison.float32.accuracy,
        "int8 accuracy on true takes": comparison.int8.accuracy,
        "float32 UAR on true takes": comparison.float32.uar,
        "int8 UAR on true takes": comparison.int8.uar,
    }
    return tuple(
        Figure(name=name, value=round(value, 4), protocol=protocol)
        for name, value in values.items()
    )
