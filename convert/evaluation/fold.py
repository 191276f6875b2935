"""A correction of a network's scores, written into its last layer.

After a training on what voters saw, or on blended targets, the scores fit no one's labels. One
temperature and an offset a label bring them to those of a data set, and cost nothing there.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from convert.datasets.face_set import FaceSet
from convert.training.saving import save_network
from edge.errors import MissingModelError, UsageError
from edge.models.recalibration import adjustment
from edge.vision.stretch import stretch

LAST = "scores"


def fold(network: Path, faces: FaceSet, out: Path) -> None:
    """Write `out`: `network`, its last layer such that the labels of `faces` are likeliest.

    Raises MissingModelError; UsageError where it does not end in a dense layer of `faces`' labels.
    """
    if not network.is_file():
        raise MissingModelError(f"there is no {network}: give a trained .keras file")
    model = keras.models.load_model(network, compile=False)
    last = model.layers[-1]
    if last.name != LAST or model.output_shape[-1] != len(faces.label_names):
        raise UsageError(
            f"{network} does not end in scores of {len(faces.label_names)} labels: "
            "give a face network of the zoo"
        )
    seen = stretch(faces.images)[..., None].astype(np.float32) / np.float32(255)
    correction = adjustment(model.predict(seen, batch_size=256, verbose=0), faces.labels)
    kernel, bias = last.get_weights()
    # softmax((z + offsets) / temperature) of z = kernel x + bias
    t = np.float32(correction.temperature)
    last.set_weights([kernel / t, (bias + correction.offsets) / t])
    save_network(model, out)
