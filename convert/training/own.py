"""Fine-tuning `edge_net` from its trained weights on a person's own pictures and labels."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np

from convert.augmentation.image import ON_DEVICE
from convert.datasets.examples import (
    PARTS,
    Example,
    read_examples,
    split_by_person,
    write_examples,
)
from convert.datasets.face_set import USAGES, FaceSet
from convert.datasets.own import load_pictures
from convert.training.face import TrainSettings, train
from convert.zoo.edge_net import EDGE_NET, build
from edge.errors import DataError, MissingDataError
from edge.settings.sections import PreprocessSettings
from edge.system.outputs import written_whole
from edge.vision.preprocess import OURS

SPLIT_FILE, LABELS_FILE = "split.csv", "labels.json"
START = Path(__file__).resolve().parents[2] / "models" / "edge_net.keras"
RECIPE = TrainSettings(
    epochs=40,
    batch_size=16,
    learning_rate=0.001,
    votes_share=0.0,
    calm_epochs=5,
    augmentation=ON_DEVICE,
)


@dataclass(frozen=True, slots=True)
class FineTuned:
    """`counts`: part → pictures; `validation`: the kept epoch's accuracy"""

    labels: tuple[str, ...]
    counts: dict[str, int]
    persons: dict[str, int]
    validation: float


def fine_tune(
    examples: list[Example],
    out: Path,
    settings: TrainSettings = RECIPE,
    *,
    faces: str = "find",
    start: Path = START,
    resume: bool = False,
) -> FineTuned:
    """Train into `out`: best.keras, the split that was kept (split.csv), the labels (labels.json).

    Raises DataError where a label has no picture on a side of the split, MissingDataError without
    the weights to start from, UsageError where `out` holds a run and `resume` is False.
    """
    if not start.is_file():
        raise MissingDataError(
            f"there is no {start}: give the trained edge_net.keras of this project's repository "
            "with --start"
        )
    split = out / SPLIT_FILE
    parted = read_examples(split) if resume and split.is_file() else split_by_person(examples)
    labels = tuple(sorted({one.label for one in parted}))
    _check_sides(parted, labels)
    loaded = load_pictures(parted, labels, PreprocessSettings(stretch=False), OURS, faces)
    usage = np.array([USAGES[PARTS.index(one.part)] for one in parted])
    whole = FaceSet(loaded.images, loaded.labels, usage, labels)
    training, validation = whole.part("Training"), whole.part("PublicTest")
    if len(training) < settings.batch_size:
        settings = replace(settings, batch_size=max(1, len(training)))

    def network() -> keras.Model:
        return transferred(start, len(labels))

    architecture = replace(EDGE_NET, labels=labels, build=network)
    history = train(architecture, training, validation, out, settings, resume=resume)
    write_examples(parted, split)
    kept = {"labels": labels, "stretch": settings.augmentation.stretch}
    with written_whole(out / LABELS_FILE, own=True) as beside:
        beside.write_text(json.dumps(kept, ensure_ascii=False, indent=2) + "\n")
    return FineTuned(
        labels=labels,
        counts={part: sum(one.part == part for one in parted) for part in PARTS},
        persons={part: len({one.person for one in parted if one.part == part}) for part in PARTS},
        validation=max(record["val_accuracy"] for record in history),
    )


def transferred(start: Path, n_labels: int) -> keras.Model:
    """`edge_net` with the trained weights of `start`, and new ones where the labels are named."""
    model, trained = build(n_labels), keras.models.load_model(start, compile=False)
    for layer, known in zip(model.layers[:-1], trained.layers[:-1], strict=True):
        layer.set_weights(known.get_weights())
    return model


def _check_sides(examples: list[Example], labels: tuple[str, ...]) -> None:
    if len(labels) < 2:
        raise DataError(f"there is one label ({', '.join(labels)}): give pictures of two or more")
    for part in PARTS:
        lacking = set(labels) - {one.label for one in examples if one.part == part}
        if lacking:
            raise DataError(
                f"the {part} part has no picture of {', '.join(sorted(lacking))}: give pictures "
                "of it by more persons, who are not on two sides"
            )
