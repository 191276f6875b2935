"""Keras → full-integer int8 .tflite, with its metadata inside and its card beside it.

The converter runs in a child process, because it can crash (a WHILE-loop LSTM makes it): that
becomes a ConversionError and nothing is lost. Recurrent layers have to be unrolled.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.augmentation.image import add_noise
from convert.conversion import flatbuffer as tflite_file
from convert.conversion.card import card_of, describe
from convert.conversion.inspect import inspect
from convert.datasets import Pictures, Provenance
from convert.datasets.fer2013 import PROVENANCE
from convert.zoo import Architecture
from edge.errors import ConversionError, MissingModelError, MissingPackageError, ModelError
from edge.models import write_card
from edge.models.card import Preprocessing
from edge.settings.sections import PreprocessSettings
from edge.system.native_output import debugging
from edge.system.outputs import written_whole
from edge.system.pip import pip_install

# Training pictures are used as they are.
AS_TRAINED = PreprocessSettings()
CHILD = (sys.executable, "-m", "convert.conversion.converter_process")


@dataclass(frozen=True, slots=True)
class QuantizeSettings:
    """Which training images the ranges of the activations are measured on.

    `noise_share` of them get noise of a level up to `noise_max`, so that a dark, noisy camera
    does not leave the ranges.
    """

    images: int = 500
    noise_share: float = 0.3
    noise_max: float = 0.30
    seed: int = 7


def representative(training: Pictures, settings: QuantizeSettings) -> NDArray[np.float32]:
    """Images drawn by seed: float32 (n, height, width, 1) in [0, 1]."""
    rng = np.random.default_rng(settings.seed)
    n = min(settings.images, len(training))
    chosen = rng.choice(len(training), n, replace=False)
    images = training.images[chosen].astype(np.float32) / np.float32(255)
    noisy = round(n * settings.noise_share)
    for image, level in zip(images, rng.uniform(0, settings.noise_max, noisy), strict=False):
        image[:] = add_noise(image, float(level), rng)
    return images[..., None]


def network_name(keras_file: Path) -> str:
    """The name its builder gave the network, read without Keras.

    Raises MissingModelError where there is no such file, ModelError where it is no .keras.
    """
    try:
        with zipfile.ZipFile(keras_file) as archive:
            config = json.loads(archive.read("config.json"))
            return str(config["config"]["name"])
    except FileNotFoundError as error:
        raise MissingModelError(f"there is no {keras_file}: give a trained .keras file") from error
    except (OSError, zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"{keras_file} is no whole .keras file ({error}): train it again"
        ) from error


def quantize(
    keras_file: Path,
    architecture: Architecture,
    training: Pictures,
    out: Path,
    settings: QuantizeSettings = QuantizeSettings(),
    preprocessing: Preprocessing = AS_TRAINED,
    provenance: Provenance = PROVENANCE,
) -> None:
    """Write `out` (int8, with metadata) and its card beside it.

    Raises ConversionError where the converter fails or crashes, or leaves anything in float.
    """
    content, facts = convert_in_child(keras_file, representative(training, settings))
    shape = tuple(facts["input_shape"])
    if shape != architecture.input_shape:
        raise ConversionError(
            f"{keras_file} takes {shape} and {architecture.name} takes "
            f"{architecture.input_shape}: give the file of that network"
        )
    model = tflite_file.parse(content)
    tflite_file.fold_float_islands(model)
    said = describe(architecture, preprocessing, provenance, facts["parameters"], facts["macs"])
    _write(model, said, out, int8=True)


def to_float(keras_file: Path, int8: Path, out: Path) -> None:
    """Write `out` and its card: the network that `int8` was made from, in float32.

    Raises ConversionError where `keras_file` is another network.
    """
    content, facts = convert_in_child(keras_file, None)
    metadata = inspect(int8).metadata or {}
    if facts["parameters"] != metadata.get("parameters"):
        raise ConversionError(
            f"{keras_file} has {facts['parameters']} parameters and {int8} was made from a network "
            f"of {metadata.get('parameters')}: give the .keras file that it was made from"
        )
    _write(tflite_file.parse(content), metadata, out, int8=False)


def _write(model: Any, metadata: dict[str, Any], out: Path, *, int8: bool) -> None:
    """Both files, or neither. Raises ConversionError where int8 is asked for and is not all."""
    tflite_file.embed_metadata(model, metadata)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(out) as beside:
            beside.write_bytes(tflite_file.serialize(model))
            left = inspect(beside).float_tensors
            if int8 and left:
                raise ConversionError(
                    f"{left} tensors of {out} are still floating point: replace the layers that "
                    "TensorFlow Lite has no int8 kernel for (edge-convert inspect lists the "
                    "operators)"
                )
            write_card(card_of(beside), out.with_suffix(".json"))
    except OSError as error:
        raise ConversionError(f"{out} cannot be written: {error.strerror}") from error


def convert_in_child(
    keras_file: Path, images: NDArray[np.float32] | None
) -> tuple[bytes, dict[str, Any]]:
    """The .tflite and what the child says of the network.

    Raises ConversionError, MissingPackageError without TensorFlow.
    """
    if find_spec("tensorflow") is None:
        raise MissingPackageError(
            f"conversion needs TensorFlow: {pip_install('emotion-edge[convert]')}"
        )
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        arguments = [str(keras_file), str(work / "out.tflite"), str(work / "out.json")]
        if images is not None:
            np.save(work / "images.npy", images)
            arguments.append(str(work / "images.npy"))
        done = subprocess.run(
            [*CHILD, *arguments],
            env=child_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        _check(done, keras_file)
        return (work / "out.tflite").read_bytes(), json.loads((work / "out.json").read_text())


def child_environment() -> dict[str, str]:
    root = str(Path(__file__).resolve().parents[2])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        # Training may have run under another backend; the converter is TensorFlow's.
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONPATH": os.pathsep.join(paths),
    }


def _check(done: subprocess.CompletedProcess[str], keras_file: Path) -> None:
    chatter = (done.stdout + done.stderr).strip()
    if debugging() and chatter:
        print(chatter, file=sys.stderr)
    if done.returncode < 0:
        raise ConversionError(
            f"the converter died of {signal.Signals(-done.returncode).name} on {keras_file}: "
            "unroll its recurrent layers, or run again with --debug to see its output"
        )
    if done.returncode:
        last = chatter.splitlines()[-1] if chatter else "it said nothing"
        raise ConversionError(f"the converter failed on {keras_file}: {last}")
