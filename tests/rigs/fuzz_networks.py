"""The targets of fuzz.py that are a stranger's network, and what comes with one."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import tiny_model
from rigs.fuzz_target import Attempt, Target, drop, on_files

from convert.conversion.checks import read_structure
from convert.conversion.inspect import inspect
from convert.datasets.examples import read_examples
from edge.models.card import read_card
from edge.models.classifier import Classifier
from edge.models.description import Description, read_description
from edge.models.own import open_model
from edge.models.personal import keep, personal
from edge.models.recalibration import adjustment, gain


def _model_files(folder: Path) -> dict[str, bytes]:
    return {"mine.tflite": tiny_model.build(classes=3)}


def _read_model(path: Path) -> None:
    model = open_model(str(path), Description(labels=("happy", "neutral", "other")))
    with Classifier(model) as classifier:
        classifier.classify(np.zeros(model.card.picture_format.shape, np.uint8))


def _inspect(path: Path) -> None:
    """As edge-convert inspect and import do; nothing is run."""
    inspect(path)


def _keras_files(folder: Path) -> dict[str, bytes]:
    """By hand: what is read of them before TensorFlow is there."""
    import h5py

    layer = {"class_name": "Dense", "module": "keras.layers", "config": {"units": 3}}
    config = json.dumps({"class_name": "Sequential", "config": {"layers": [layer] * 3}})
    with zipfile.ZipFile(folder / "a.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", config)
    with h5py.File(folder / "b.h5", "w") as file:
        file.attrs["model_config"] = config
        file.create_dataset("kernel", data=np.ones((8, 3), np.float32), compression="gzip")
    return {path.name: path.read_bytes() for path in (folder / "a.keras", folder / "b.h5")}


def _description_files(folder: Path) -> dict[str, bytes]:
    said = 'labels = ["happy", "Zürich"]\nscaling = "1,2,3/4,5,6"\ncolour = "rgb"\nmargin = 0.1\n'
    return {"mine.toml": said.encode()}


def _personal_files(folder: Path) -> dict[str, bytes]:
    model = tiny_model.write(folder)
    scores, labels = np.full((14, 7), 1 / 7), np.arange(14) % 7
    found, worth = adjustment(scores, labels), gain(scores, labels, np.arange(14) // 7)
    return {"tiny.calibration.toml": keep(model, found, worth).read_bytes()}


@contextmanager
def _personally(folder: Path) -> Iterator[Attempt]:
    model = tiny_model.write(folder)

    def attempt(data: bytes, name: str) -> None:
        (folder / name).write_bytes(data)
        personal(model)

    yield attempt


def _csv_files(folder: Path) -> dict[str, bytes]:
    return {"own.csv": "file,label,person,part\na.png,frh,Zoë,test\nb.png,x,,\n".encode()}


def _card_files(folder: Path) -> dict[str, bytes]:
    import edge.models

    shipped = Path(edge.models.__file__).parent
    return {path.name: path.read_bytes() for path in sorted(shipped.glob("*.json"))}


NETWORKS = {
    "models": Target(_model_files, on_files(_read_model), 3),
    "inspected": Target(_model_files, on_files(_inspect), 60),
    "networks": Target(_keras_files, on_files(lambda path: drop(read_structure(path))), 200),
    "descriptions": Target(
        _description_files, on_files(lambda path: drop(read_description(path))), 300
    ),
    "calibrations": Target(_personal_files, _personally, 200),
    "tables": Target(_csv_files, on_files(lambda path: drop(read_examples(path))), 300),
    "cards": Target(_card_files, on_files(lambda path: drop(read_card(path))), 300),
}
