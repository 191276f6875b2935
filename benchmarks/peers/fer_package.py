"""The `fer` package as its README shows it: Haar, no MTCNN, its own network."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from fer.fer import FER
from numpy.typing import NDArray

from benchmarks.peers.served import serve

LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
_BATCH = 256


class FerPackage:
    def __init__(self) -> None:
        self._detector: Any = FER()
        # Its network takes 64x64; `detect_emotions` is the only public way to it, and searches.
        self._network = self._detector._FER__emotion_classifier
        self._size_px = self._network.input_shape[1:3]

    def begin(self) -> None:
        pass

    def see(self, frame: NDArray[np.uint8], timestamp_s: float) -> list[str]:
        found = self._detector.detect_emotions(frame)
        return [max(face["emotions"], key=face["emotions"].get) for face in found]

    def name(self, faces: NDArray[np.uint8]) -> list[str]:
        """Prepared as `detect_emotions` prepares a face: 64x64, from −1 to 1."""
        pictures = np.stack([cv2.resize(face, self._size_px) for face in faces])
        pictures = 2 * (pictures[..., None].astype(np.float32) / 255 - 0.5)
        lots = [pictures[start : start + _BATCH] for start in range(0, len(pictures), _BATCH)]
        scores = np.concatenate([np.asarray(self._network(lot)) for lot in lots])
        return [LABELS[number] for number in scores.argmax(axis=1)]


if __name__ == "__main__":
    serve(FerPackage)
