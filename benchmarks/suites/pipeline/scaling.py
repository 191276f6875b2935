"""What a frame's cost grows with: its width, and the faces in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from statistics import fmean
from time import process_time

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring.stages import staged
from benchmarks.measuring.timing import Measurement
from edge.pipeline.face import FaceClassifier, FacePipeline, build_face_pipeline
from edge.settings.sections import CameraSettings, ModelSettings, Settings
from edge.sources.video.synthetic import SyntheticSource
from edge.types import Frame

Image = NDArray[np.uint8]
WIDTHS_PX = (320, 480, 640, 960, 1280, 1920)
FACES = (0, 1, 2, 4)
_CPU = "CPU"
_SHOWN = ("gray", "search", "preprocess", "inference", "whole frame", _CPU)
_WARMUPS = 4
# A fifth of a second from picture to picture, so that the warm-ups are enough to confirm a face.
_STEP_S = 0.2


def by_width(
    images: Sequence[Image], classifier: FaceClassifier, *, widths_px: Sequence[int] = WIDTHS_PX
) -> Iterator[Measurement]:
    """The same successive pictures, scaled to each width; every setting at its default."""
    scaled = {
        f"{width} px wide": [_scaled(image, width) for image in images] for width in widths_px
    }
    yield from _compared(scaled, classifier)


def by_faces(
    classifier: FaceClassifier, *, frames: int, counts: Sequence[int] = FACES
) -> Iterator[Measurement]:
    """960x720 pictures of four quarters, of which each of `counts` hold a face."""
    faces, empty = _quarters(frames)
    made = {
        f"{count} face{'' if count == 1 else 's'}": [
            _tiled([face] * count + [empty] * (4 - count)) for face in faces
        ]
        for count in counts
    }
    yield from _compared(made, classifier)


def _compared(
    cases: Mapping[str, Sequence[Image]], classifier: FaceClassifier
) -> Iterator[Measurement]:
    """Frame by frame through all cases in turn; means of the stages, in ms a frame.

    The cases have as many pictures each, more than `_WARMUPS`.
    """
    paths = {name: _path(classifier) for name in cases}
    taken: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in cases}
    for index in range(len(next(iter(cases.values())))):
        for name, images in cases.items():
            frame = Frame(images[index], index * _STEP_S, index)
            started = process_time()
            for spent in staged((frame,), paths[name], lambda events: None):
                spent[_CPU] = 1e3 * (process_time() - started)
                if index >= _WARMUPS:
                    for stage, milliseconds in spent.items():
                        taken[name][stage].append(milliseconds)
            if index == _WARMUPS - 1:
                paths[name].times.faces = paths[name].times.frames = 0
    for name, stages in taken.items():
        for stage in _SHOWN:
            yield Measurement(f"{name}/{stage}, ms", "ms", (fmean(stages[stage]),))
        times = paths[name].times
        yield Measurement(f"{name}/faces found", "", (times.faces / times.frames,))


def _path(classifier: FaceClassifier) -> FacePipeline:
    """Every face is classified in every frame, so that a face's cost shows in each."""
    settings = Settings(model=ModelSettings(interval_s=0))
    return build_face_pipeline(settings, classifier, datetime.now(UTC), model_name="growth")


def _scaled(image: Image, width_px: int) -> Image:
    height = round(image.shape[0] * width_px / image.shape[1])
    method = cv2.INTER_AREA if width_px < image.shape[1] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width_px, height), interpolation=method), np.uint8)


def _quarters(frames: int) -> tuple[list[Image], Image]:
    """`frames` 480x360 pictures with the bundled face, and one of the same room without."""
    settings = CameraSettings().model_copy(update={"width": 480, "height": 360})
    with SyntheticSource("", settings) as source:
        away = round(source.frame_count * sum(source.AWAY) / 2)
        shown = [frame.image for frame in islice(source, away + 1)]
    return shown[:frames], shown[away]


def _tiled(quarters: list[Image]) -> Image:
    top, bottom = np.hstack(quarters[:2]), np.hstack(quarters[2:])
    return np.vstack([top, bottom])
