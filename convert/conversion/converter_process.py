"""One conversion in a process of its own: TensorFlow's converter can crash the one it runs in.

    python -m convert.conversion.converter_process IN.keras OUT.tflite OUT.json [REPRESENTATIVE.npy]

With representative images (float32 (n, *input_shape)) the result is int8 throughout, without
them float32. OUT.json is told the network's shape, parameters and MACs.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from convert.conversion.macs import macs


def convert(model: keras.Model, representative: np.ndarray[Any, Any] | None) -> bytes:
    """The model as .tflite: int8 in, out and between, or float32."""
    with tempfile.TemporaryDirectory() as folder:
        # A batch of one, fixed before tracing: so the shapes fold into constants.
        one = keras.InputSpec(shape=(1, *model.input_shape[1:]), dtype="float32", name="image")
        model.export(folder, verbose=False, input_signature=[one])
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if representative is not None:
            ask_for_int8(converter, representative)
        return bytes(converter.convert())


def ask_for_int8(converter: Any, representative: np.ndarray[Any, Any]) -> None:
    def samples() -> Iterator[list[np.ndarray[Any, Any]]]:
        for image in representative:
            yield [image[None]]

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = samples
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8


def main(keras_file: str, tflite_file: str, json_file: str, representative: str = "") -> None:
    model = keras.models.load_model(keras_file, compile=False)
    images = np.load(representative) if representative else None
    Path(tflite_file).write_bytes(convert(model, images))
    facts = {
        "input_shape": list(model.input_shape[1:]),
        "parameters": model.count_params(),
        "macs": macs(model),
    }
    Path(json_file).write_text(json.dumps(facts))


if __name__ == "__main__":
    main(*sys.argv[1:])
