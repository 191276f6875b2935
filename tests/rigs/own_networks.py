"""Networks as people bring them, each from its file to events by the guide's commands alone.

    python tests/rigs/own_networks.py FOLDER [NAME ...]

Each is untrained but for its head, which is fitted to made-up pictures; then `edge-convert import`
and `edge run` are what a person types. A line a network: what became of it, or why it was refused.
Some minutes each, most of it TensorFlow.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import own_networks as made


def _fitted(body: Any, size: int, channels: int, scale: Any, frames: int = 0) -> Any:
    return made.fitted(body, *made.given((size, size), channels, scale, frames))


def _keras(build: Callable[[], Any], *how: Any) -> Callable[[Path], Path]:
    def save(folder: Path) -> Path:
        _fitted(build(), *how).save(path := folder.with_suffix(".keras"))
        return path

    return save


def _h5(folder: Path) -> Path:
    """Saved by Keras 2, where it is there (tf_keras); else by Keras 3 in its form."""
    path = folder.with_suffix(".h5")
    try:
        import tf_keras
    except ImportError:
        _fitted(made.application("MobileNet", 96), 96, 3, made.signed).save(path)
        return path
    body = tf_keras.applications.MobileNet(
        weights=None, include_top=False, pooling="avg", input_shape=(96, 96, 3), alpha=0.25
    )
    made.fitted(body, *made.given((96, 96), 3, made.signed), library=tf_keras).save(path)
    return path


def _saved_model(folder: Path) -> Path:
    _fitted(made.plain_cnn(), 48, 1, made.zero_one).export(folder, verbose=False)
    return folder


def _tflite(kind: str) -> Callable[[Path], Path]:
    def save(folder: Path) -> Path:
        import tensorflow as tf

        _fitted(made.plain_cnn(), 48, 1, made.zero_one).export(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(str(folder))
        if kind == "uint8":
            images, _ = made.given((48, 48), 1, made.zero_one)
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: ([image[None]] for image in images)
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = converter.inference_output_type = tf.uint8
        path = folder.with_suffix(".tflite")
        path.write_bytes(converter.convert())
        return path

    return save


def _app(name: str, size: int, **options: Any) -> Callable[[], Any]:
    return lambda: made.application(name, size, **options)


NETWORKS: dict[str, Callable[[Path], Path]] = {
    "plain_cnn": _keras(made.plain_cnn, 48, 1, made.zero_one),
    "mini_xception_64": _keras(made.mini_xception, 64, 1, made.signed),
    "resnet": _keras(made.resnet, 48, 1, made.zero_one),
    "gru": _keras(lambda: made.over_frames("GRU"), 32, 1, made.zero_one, 4),
    "lstm": _keras(lambda: made.over_frames("LSTM"), 32, 1, made.zero_one, 4),
    "attention": _keras(made.attentive, 48, 1, made.zero_one),
    "float_tflite": _tflite("float32"),
    "uint8_tflite": _tflite("uint8"),
    "saved_model": _saved_model,
    "keras2_h5": _h5,
    "mobilenet_v2_96": _keras(_app("MobileNetV2", 96, alpha=0.35), 96, 3, made.signed),
    "mobilenet_v3_96": _keras(_app("MobileNetV3Small", 96, minimalistic=True), 96, 3, made.raw),
    "efficientnet_b0_96": _keras(_app("EfficientNetB0", 96), 96, 3, made.raw),
    "mobilenet_v2_224": _keras(_app("MobileNetV2", 224, alpha=0.35), 224, 3, made.signed),
    "mobilenet_v3_224": _keras(_app("MobileNetV3Small", 224), 224, 3, made.raw),
}


SCALING = dict.fromkeys(("mobilenet_v2_96", "mobilenet_v2_224", "keras2_h5"), "-1-1")
"""Of networks whose preprocessing stands in their documentation alone, and is told as there."""


def main(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    faces = made.write_pictures(folder / "faces")
    for name in names or NETWORKS:
        file = NETWORKS[name](folder / name)
        out = folder / f"{name}_device.tflite"
        started = time.monotonic()
        done = _command(
            "convert.cli.main", "import", str(file), "--labels", ",".join(made.LABELS),
            "--data", str(faces), "--faces", "whole", "--out", str(out), "--json",
            *(("--scaling", SCALING[name]) if name in SCALING else ()),
        )  # fmt: skip
        took = time.monotonic() - started
        if not out.exists():
            print(f"{name:<20} refused in {took:.0f} s: {done.stderr.strip()}", flush=True)
            continue
        found = json.loads(done.stdout)
        card, verdict = found["card"], found["verdict"]
        run = _command(
            "edge", "run", "--camera", "synthetic", "--model", str(out), "--frames", "40",
            "--log", "none", "--output", "jsonl", "--quiet",
        )  # fmt: skip
        events = [json.loads(line) for line in run.stdout.splitlines()]
        said = "; ".join(found["notes"] + found["doubts"] + verdict["broken"])
        print(
            f"{name:<20} {card['dtype']} {card['size_bytes']:,} bytes, accuracy "
            f"{verdict['accuracy']:.3f}, {len(events)} events {run.stderr.strip()}, "
            f"imported in {took:.0f} s: {said}",
            flush=True,
        )


def _command(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
