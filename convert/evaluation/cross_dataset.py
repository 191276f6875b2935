"""A network on another data set than its own: does what it learned hold for other people?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from convert import plots
from convert.datasets.class_folders import ClassFolders
from convert.metrics import ClassScores, class_scores, wilson
from convert.predict import predict
from edge.errors import ModelError
from edge.models import Model
from edge.models.labels import SHARED, shared
from edge.vision.preprocess import SIZE_PX


@dataclass(frozen=True, slots=True)
class CrossVerdict:
    """What a model is worth on `faces` of the data set at `data`, in `SHARED`'s labels."""

    model: str
    data: Path
    faces: ClassFolders
    scores: ClassScores

    @property
    def interval(self) -> tuple[float, float]:
        """95 % of the accuracy, after Wilson; of pictures that are independent of each other."""
        return wilson(self.scores.accuracy, len(self.faces))

    def as_dict(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "data": str(self.data),
            "faces": len(self.faces),
            "found": self.faces.found,
            "accuracy": self.scores.accuracy,
            "interval": list(self.interval),
            "uar": self.scores.uar,
            "macro_f1": self.scores.macro_f1,
            "recalls": self._recalls(),
            "classes": self.faces.classes,
            "left_out": self.faces.left_out,
            "labels": list(SHARED),
            "confusion": self.scores.confusion.tolist(),
        }

    def lines(self) -> Iterator[str]:
        n, found = len(self.faces), self.faces.found
        low, high = self.interval
        yield f"{self.model} on {self.data}"
        yield f"pictures  {n:,}"
        yield f"face      found in {found:,}, the picture taken whole in {n - found:,}"
        for folder, count in self.faces.left_out.items():
            yield f"left out  {count:,} of {folder!r}, which is no label of ours"
        yield f"accuracy  {self.scores.accuracy:.4f} [{low:.4f}, {high:.4f}]"
        yield f"UAR       {self.scores.uar:.4f}"
        yield f"macro F1  {self.scores.macro_f1:.4f}"
        yield "label      pictures  recall  most often read as"
        for row, (label, recall) in enumerate(self._recalls().items()):
            counts = self.scores.confusion[row]
            if recall is not None:
                read = SHARED[int(counts.argmax())]
                yield f"{label:<10} {int(counts.sum()):>8,}  {recall:.3f}   {read}"

    def draw(self, path: Path) -> None:
        """The confusion matrix as a PNG. Raises MissingPackageError."""
        title = f"{self.model} on {self.data.name}: {self.scores.accuracy:.3f}"
        plots.confusion(self.scores.confusion, SHARED, title, path)

    def _recalls(self) -> dict[str, float | None]:
        """None for a label that has no picture."""
        recalls = self.scores.recalls.tolist()
        return {
            label: None if np.isnan(recall) else recall
            for label, recall in zip(SHARED, recalls, strict=True)
        }


def judge(
    model: Model,
    data: Path,
    faces: ClassFolders,
    progress: Callable[[int], None] = lambda done: None,
) -> CrossVerdict:
    """Raises ModelError for a model that does not look at one face."""
    card = model.card
    if card.modality != "face" or card.input_shape != (SIZE_PX, SIZE_PX, 1):
        raise ModelError(
            f"{card.name} does not take one face of {SIZE_PX}x{SIZE_PX}: give a network that does"
        )
    # In the labels that all sets share: a network's "calm" is "neutral".
    ours = np.array([SHARED.index(shared(label)) for label in card.labels])
    predicted = ours[predict(model, faces.images, progress).argmax(axis=1)]
    scores = class_scores(faces.labels, predicted, len(SHARED))
    return CrossVerdict(card.name, data, faces, scores)
