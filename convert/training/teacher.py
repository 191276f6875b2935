"""A teacher's scores of the training faces, recorded once for every network that learns from them.

The file, a .npz beside the checkpoints:
    scores  float16 (views, n, n_classes)   view 0 is the face as it is, view 1 its mirror image
    labels  uint8 (n,)                      of the faces, in their order: what the file goes with
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.datasets.archives import read_arrays
from convert.datasets.face_set import FaceSet
from convert.predict import Progress, predict
from convert.training.saving import sign
from edge.errors import DataError, MissingDataError
from edge.models import Model
from edge.system.outputs import written_whole


def record(
    models: list[Model], faces: FaceSet, path: Path, progress: Progress = lambda n: None
) -> NDArray[np.float16]:
    """Score `faces` and their mirror images by the mean of `models`, and write the file."""
    views = (faces.images, faces.images[:, :, ::-1])
    scores = np.stack(
        [np.mean([predict(model, view, progress) for model in models], axis=0) for view in views]
    ).astype(np.float16)
    with written_whole(path) as beside:
        with beside.open("wb") as file:
            np.savez(file, scores=scores, labels=faces.labels)
        sign(beside)
    return scores


def load(path: Path, faces: FaceSet) -> NDArray[np.float32]:
    """float32 (views, n, n_classes).

    Raises MissingDataError, DataError where they are the scores of other faces.
    """
    if not path.is_file():
        raise MissingDataError(
            f"there are no recorded scores at {path}: make them, or give a .keras"
        )
    try:
        archive = read_arrays(path)
        scores, labels = archive["scores"], archive["labels"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} holds no recorded scores ({error}): make them again") from error
    expected = (len(faces), len(faces.label_names))
    if scores.ndim != 3 or scores.shape[1:] != expected or not np.array_equal(labels, faces.labels):
        raise DataError(f"{path} holds the scores of other faces: make them again from this data")
    as_float: NDArray[np.float32] = scores.astype(np.float32)
    return as_float
