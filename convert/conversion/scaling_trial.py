"""A scaling tried on a person's pictures, on the float32 .tflite."""

from __future__ import annotations

from pathlib import Path

from convert.conversion.importing import Exported, described
from convert.conversion.input_scaling import ScalingFound, decide, hits
from convert.conversion.wanted import Wanted
from convert.datasets.own import OwnPictures, as_frames
from convert.predict import raw_outputs
from edge.errors import ConversionError
from edge.models.scaling import Scaling

CHOSEN_BY, COMPARED_BY = 300, 100
"""Pictures that a scaling is chosen by, and that one which was said is compared with others by."""


def asked_of(pictures: OwnPictures, wanted: Wanted) -> OwnPictures:
    """Those of the pictures that a scaling is tried on."""
    return pictures.some(COMPARED_BY if wanted.scaling else CHOSEN_BY)


def decided(path: Path, made: Exported, wanted: Wanted, pictures: OwnPictures) -> ScalingFound:
    """What was said, or fits the pictures best. Raises ConversionError where neither does."""
    some = asked_of(pictures, wanted)

    def measure(scaling: Scaling) -> float:
        model = described(path, made, wanted, str(scaling), made.content)
        outputs = raw_outputs(model, as_frames(some.images, model.card))
        return hits(some.labels, outputs.argmax(axis=1), len(wanted.labels))

    channels = 1 if wanted.kind == "voice" else made.found.inputs[0].shape[-1]
    try:
        return decide(wanted.scaling, channels, measure, len(some))
    except ConversionError as error:
        raise ConversionError(f"{path} cannot be converted: {error}") from error
