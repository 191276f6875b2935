"""Ours: what `edge run` does with a frame of a file, every setting at its default."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.served import serve
from edge.models import find
from edge.models.classifier import Classifier
from edge.pipeline.face import build_face_pipeline
from edge.settings.sections import Settings
from edge.types import Frame


class Ours:
    def __init__(self) -> None:
        self._settings = Settings()
        self._classifier = Classifier(find(self._settings.model.name))
        self.begin()

    def begin(self) -> None:
        self._index = -1
        self._path = build_face_pipeline(self._settings, self._classifier, datetime.now(UTC))

    def see(self, frame: NDArray[np.uint8], timestamp_s: float) -> list[str]:
        self._index += 1
        frame_result = next(self._path.results((Frame(frame, timestamp_s, self._index),)))
        return [seen.prediction.label for seen in frame_result.observations]

    def name(self, faces: NDArray[np.uint8]) -> list[str]:
        return [self._classifier.classify(face).label for face in faces]


if __name__ == "__main__":
    serve(Ours)
