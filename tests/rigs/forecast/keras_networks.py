"""The networks of XNNPACK's table, with made-up weights: fully int8 .tflite files.

python keras_networks.py FOLDER        needs the convert extra
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

SHAPE = (1, 224, 224, 3)
NETWORKS = {
    "mobilenet_v1": keras.applications.MobileNet,
    "mobilenet_v2": keras.applications.MobileNetV2,
}


def examples() -> Iterator[list[np.ndarray]]:
    random = np.random.default_rng(0)
    for _ in range(4):
        yield [random.random(SHAPE, np.float32)]


def converted(network: keras.Model) -> bytes:
    inputs = keras.Input(batch_shape=SHAPE)
    with tempfile.TemporaryDirectory() as folder:
        keras.Model(inputs, network(inputs)).export(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = examples
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
        return converter.convert()


def main() -> None:
    for name, build in NETWORKS.items():
        path = Path(sys.argv[1]) / f"{name}.tflite"
        if not path.exists():
            path.write_bytes(converted(build(weights=None, input_shape=SHAPE[1:])))


if __name__ == "__main__":
    main()
