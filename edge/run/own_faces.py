"""A person's own faces, by what a network says of them; no picture is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import DataError, MissingDataError, UsageError
from edge.models import Model
from edge.models.classifier import Classifier
from edge.models.recalibration import Groups, Labels, Scores
from edge.pipeline.face import face_pipeline_of
from edge.settings.sections import Settings
from edge.sources.video import open_source
from edge.types import Frame

FOLDS = 5
LEAST = 5
"""Pictures of each label that is shown."""
WARM_UP = 5
"""A camera's first frames, while it finds its light."""


@dataclass(slots=True)
class OwnFaces:
    """What the network said of each face: its scores, what was shown, and in which sitting."""

    names: tuple[str, ...]
    scores: list[NDArray[np.float32]] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    sittings: list[str] = field(default_factory=list)
    without_a_face: int = 0

    def arrays(self) -> tuple[Scores, Labels, Groups]:
        """As they are calibrated on: each label's faces in `FOLDS` groups, no sitting in two where
        there are enough of them. Raises DataError for fewer than two labels, or too few faces."""
        labels = np.array(self.labels, np.int_)
        counts = np.bincount(labels, minlength=len(self.names))
        if (counts > 0).sum() < 2:
            raise DataError("faces of one label say nothing of the others: give two labels or more")
        for name, count in zip(self.names, counts, strict=True):
            if 0 < count < LEAST:
                raise DataError(f"there are {count} faces of {name}: give {LEAST} or more of it")
        groups = np.zeros(len(labels), np.int_)
        for label in np.flatnonzero(counts):
            inside = np.flatnonzero(labels == label)
            sittings = [self.sittings[i] for i in inside]
            known = sorted(set(sittings), key=sittings.index)
            if len(known) > 1:
                groups[inside] = [known.index(one) % FOLDS for one in sittings]
            else:  # what follows upon another is like it: it stays with it
                groups[inside] = np.arange(len(inside)) * FOLDS // len(inside)
        return np.array(self.scores, np.float64), labels, groups


class FaceReader:
    """Reads the nearest face of each frame, through the device's own pipeline."""

    def __init__(self, model: Model, settings: Settings, classifier: Classifier) -> None:
        self.faces = OwnFaces(model.card.labels)
        self._settings = settings
        self._pipeline = face_pipeline_of(
            model.card, settings, classifier, datetime.now(UTC), stills=True
        )

    def folders(self, root: Path) -> None:
        """ROOT/LABEL/*.jpg, or ROOT/LABEL/SITTING/*.jpg.

        Raises MissingDataError, UsageError for a folder that is no label's name, SourceError.
        """
        if not root.is_dir():
            raise MissingDataError(f"there is no folder {root}: give one that holds one a label")
        folders = sorted(one for one in root.iterdir() if _shown(one) and one.is_dir())
        strange = [one.name for one in folders if one.name not in self.faces.names]
        if strange or not folders:
            raise UsageError(
                f"{root} holds {', '.join(strange) or 'no folder'} and the network's labels are "
                f"{', '.join(self.faces.names)}: name each folder as one of these"
            )
        for folder in folders:
            for sitting in _sittings(folder):
                with open_source(str(sitting), settings=self._settings.camera) as source:
                    self.read(source, folder.name, str(sitting))

    def camera(self, label: str, sitting: str, frames: int) -> None:
        """`frames` of the settings' camera, opened for them alone."""
        address = self._settings.camera.source.get_secret_value()
        with open_source(address, settings=self._settings.camera) as source:
            self.read(islice(source, WARM_UP, WARM_UP + frames), label, sitting)

    def read(self, frames: Iterable[Frame], label: str, sitting: str) -> None:
        for result in self._pipeline.results(frames):
            nearest = max(result.observations, key=lambda seen: seen.face.width, default=None)
            if nearest is None:
                self.faces.without_a_face += 1
                continue
            self.faces.scores.append(nearest.prediction.scores)
            self.faces.labels.append(self.faces.names.index(label))
            self.faces.sittings.append(sitting)


def _sittings(folder: Path) -> Iterator[Path]:
    below = sorted(one for one in folder.iterdir() if _shown(one))
    if any(one.is_file() for one in below):
        yield folder
    yield from (one for one in below if one.is_dir())


def _shown(path: Path) -> bool:
    return not path.name.startswith(".")
