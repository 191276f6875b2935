"""What both machines are asked: inputs for every shipped model, and clips where there are any.

    python cases.py FOLDER [DATA]

Bytes and not seeds: another numpy may draw other numbers. DATA is the folder with FER2013 and the
clips; what is not there is left out, and said.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.models import shipped
from edge.settings.sections import CameraSettings
from edge.sources.video.synthetic import SyntheticSource

MADE_UP = 30
FACES = 100
FRAMES = 90
CLIPS = ("single_face.mp4", "walking_faces.mp4")
FILM = "film.avi"
"""Short and small: what the benchmark is given, which takes minutes for a second here."""


def blurred_noise(shape: tuple[int, ...], random: np.random.Generator) -> NDArray[np.uint8]:
    """uint8 of `shape`: shades rather than noise, as what a camera or a spectrogram gives."""
    picture = random.integers(0, 256, shape).astype(np.uint8)
    if len(shape) > 1:
        picture = cv2.GaussianBlur(picture, (0, 0), float(random.uniform(0.5, 6)))
        picture = cv2.normalize(picture, None, 0, 255, cv2.NORM_MINMAX)
    return picture.astype(np.uint8)


def write(path: Path, frames: Iterable[NDArray[np.uint8]], fps: float) -> None:
    """Without loss: what a lossy video is decoded to differs by a shade or two between machines."""
    writer = None
    for image in frames:
        if writer is None:
            size = (image.shape[1], image.shape[0])
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"FFV1"), fps, size)
        writer.write(image)
    if writer is not None:
        writer.release()


def decoded(clip: Path) -> Iterator[NDArray[np.uint8]]:
    film = cv2.VideoCapture(str(clip))
    while (read := film.read())[0]:
        yield read[1].astype(np.uint8, copy=False)
    film.release()


def synthetic() -> Iterator[NDArray[np.uint8]]:
    """The synthetic clip, 320x240."""
    with SyntheticSource("", CameraSettings(width=320, height=240)) as source:
        for frame in source:
            yield frame.image


def main() -> None:
    folder, data = Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else "nowhere")
    random = np.random.default_rng(0)
    fer2013 = data / "fer2013" / "fer2013.npz"
    faces = np.empty((0, 48, 48), np.uint8)
    if fer2013.is_file():
        with np.load(fer2013) as held:
            faces = held["images"][held["usage"] == "PrivateTest"][:FACES]
    for card in shipped():
        shape = card.input_shape[:-1] if card.input_shape[-1] == 1 else card.input_shape
        inputs = np.stack([blurred_noise(shape, random) for _ in range(MADE_UP)])
        if shape == faces.shape[1:]:
            inputs = np.concatenate([inputs, faces])
        np.save(folder / f"{card.name}.npy", inputs)
    write(folder / FILM, islice(synthetic(), 24), 30)
    clips = [clip for name in CLIPS if (clip := data / "video" / name).is_file()]
    for clip in clips:
        fps = cv2.VideoCapture(str(clip)).get(cv2.CAP_PROP_FPS)
        write(folder / f"clip_{clip.stem}.avi", islice(decoded(clip), FRAMES), fps)
    print(f"cases: {len(faces)} true faces, {len(clips)} clips, {MADE_UP} made-up inputs a model")


if __name__ == "__main__":
    main()
