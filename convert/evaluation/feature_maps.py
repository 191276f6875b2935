"""What a layer of a network makes of a picture: its feature maps, to look at."""

from __future__ import annotations

from pathlib import Path

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from convert.conversion.quantize import network_name
from convert.datasets import fer2013
from convert.zoo.video_resgru import SEQUENCE
from edge.errors import DataError, MissingDataError, UsageError
from edge.settings.sections import DetectionSettings, PreprocessSettings
from edge.types import Face
from edge.vision import open_detector
from edge.vision.preprocess import SIZE_PX, Preprocessor

_SMALLEST_FACE_PX = 24


def load(path: Path) -> keras.Model:
    """The trained network in a .keras file. Raises MissingModelError, ModelError."""
    network_name(path)
    return keras.models.load_model(path, compile=False)


def feature_maps(model: keras.Model, layer: str, face: NDArray[np.uint8]) -> NDArray[np.float32]:
    """float32 (height, width, channels): what `layer` makes of `face`, uint8 (48, 48).

    A network for video is shown a course that holds the face still; the maps are those of its
    last picture.
    Raises UsageError where the network sees no faces, or the layer is none of it or has no maps.
    """
    shape = model.input_shape[1:]
    if shape[-3:] != (SIZE_PX, SIZE_PX, 1):
        raise UsageError(f"{model.name} takes {shape}: give a network that sees faces")
    layers = {one.name: one for one in model.layers}
    if layer not in layers:
        raise UsageError(f"{model.name} has no layer {layer!r}: choose one of {_with_maps(model)}")
    if len(layers[layer].output.shape) != 4:
        raise UsageError(
            f"{layer} gives {tuple(layers[layer].output.shape[1:])} and no maps: choose one of "
            f"{_with_maps(model)}"
        )
    video = len(shape) == 4
    prepared = Preprocessor(SEQUENCE if video else PreprocessSettings()).normalise(face)
    one = np.broadcast_to(prepared[..., None] / np.float32(255), (1, *shape)).astype(np.float32)
    found = keras.Model(model.input, layers[layer].output).predict(one, verbose=0)
    return np.asarray(found[-1], np.float32)


def _with_maps(model: keras.Model) -> str:
    return ", ".join(one.name for one in model.layers if len(one.output.shape) == 4)


def face_in(path: Path) -> NDArray[np.uint8]:
    """uint8 (48, 48): the largest face in the picture, or all of it where none is found.

    Raises MissingDataError, DataError where it is no picture.
    """
    if not path.is_file():
        raise MissingDataError(f"there is no picture {path}: give one of a face")
    gray = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if gray is None:
        raise DataError(f"{path} cannot be read as a picture: give a JPEG or a PNG")
    image = np.asarray(gray, np.uint8)
    found = open_detector(DetectionSettings(min_face_px=_SMALLEST_FACE_PX)).find(image)
    height, width = image.shape
    face = max(found, key=lambda one: one.area, default=Face(0, 0, width, height))
    return Preprocessor(PreprocessSettings()).crop(image, face)


def face_of(data: Path, number: int) -> NDArray[np.uint8]:
    """uint8 (48, 48): face `number` (0, 1, 2 …) of PrivateTest. Raises UsageError past its end."""
    faces = fer2013.load(data).part("PrivateTest")
    if number >= len(faces):
        raise UsageError(f"there is no face {number}: PrivateTest has {len(faces)}")
    face: NDArray[np.uint8] = faces.images[number]
    return face
