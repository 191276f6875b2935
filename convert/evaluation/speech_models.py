"""A trained network for voices as its judges take it: in float32 and in int8."""

from __future__ import annotations

import tempfile
from pathlib import Path

from convert.conversion.quantize import QuantizeSettings, quantize, to_float
from convert.datasets.speech_mixture import Mixture
from convert.datasets.speech_set import Voices
from convert.zoo import Architecture
from edge.models import Model, find


def converted(
    keras_file: Path, architecture: Architecture, training: Voices | Mixture
) -> tuple[Model, Model]:
    """The network in float32 and in int8, whose file (int8.tflite) stays beside `keras_file`.

    training: what it learned from, which the ranges of int8 are taken of
    Raises ConversionError where the converter fails.
    """
    int8 = keras_file.with_name("int8.tflite")
    # The noise of that setting is a camera's.
    drawn = QuantizeSettings(noise_share=0)
    quantize(
        keras_file, architecture, training, int8, drawn, training.settings, training.provenance
    )
    with tempfile.TemporaryDirectory() as folder:
        beside = Path(folder) / "float32.tflite"
        to_float(keras_file, int8, beside)
        # What `find` returns holds the file's content.
        return find(str(beside)), find(str(int8))
