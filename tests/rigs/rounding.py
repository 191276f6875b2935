"""What int8 rounding does to a network of drawn weights: why one of own_networks.py loses by it.

    python tests/rigs/rounding.py

MobileNet of Keras 2 (tf_keras) without its head, on own_networks.py's pictures: by how much each of
its features is off, as a share of what sets the pictures apart in it, with activations of 8 bits
and, to see whose rounding it is, of 16.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import numpy as np
import own_networks as made
import tensorflow as tf
import tf_keras
from ai_edge_litert.interpreter import Interpreter

from convert.conversion.converter_process import ask_for_int8


def main() -> None:
    body = tf_keras.applications.MobileNet(
        weights=None, include_top=False, pooling="avg", input_shape=(96, 96, 3), alpha=0.25
    )
    images, _ = made.given((96, 96), 3, made.signed)
    made._normalise(body, images)
    exact = np.asarray(body.predict(images, batch_size=16, verbose=0))
    for bits in (8, 16):
        found = outputs(converted(body, images, bits), images)
        off, apart = (found - exact).std(axis=0), exact.std(axis=0)
        share = np.median(off[apart > 0] / apart[apart > 0])
        print(f"activations of {bits} bits: features off by {share:.2f} of their deviation")


def converted(body: Any, images: np.ndarray, bits: int) -> bytes:
    serve = tf.function(
        lambda image: body(image), input_signature=[tf.TensorSpec((1, 96, 96, 3), tf.float32)]
    )
    graph = serve.get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([graph], body)
    ask_for_int8(converter, images)
    if bits == 16:
        kernels = tf.lite.OpsSet
        converter.target_spec.supported_ops = [
            kernels.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        ]
        converter.inference_input_type = converter.inference_output_type = tf.float32
    return bytes(converter.convert())


def outputs(content: bytes, images: np.ndarray) -> np.ndarray:
    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    (taken,), (given,) = interpreter.get_input_details(), interpreter.get_output_details()
    found = []
    for image in images:
        scale, zero = taken["quantization"]
        if scale:
            image = np.clip(np.round(image / scale) + zero, -128, 127).astype(np.int8)
        interpreter.set_tensor(taken["index"], image[None])
        interpreter.invoke()
        values = interpreter.get_tensor(given["index"])[0].astype(np.float32)
        scale, zero = given["quantization"]
        found.append((values - zero) * scale if scale else values)
    return np.stack(found)


if __name__ == "__main__":
    main()
