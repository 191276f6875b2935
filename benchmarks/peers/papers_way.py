"""The papers' own way: Haar over the whole of every frame, then Keras `predict` face by face."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.served import serve

NETWORK = Path(__file__).parents[2] / "models" / "cnn.keras"
LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
# The papers give no smallest face: without one the search takes five times as long.
MIN_FACE_PX = 48


class PapersWay:
    def __init__(self) -> None:
        cascade = f"{cv2.data.haarcascades}haarcascade_frontalface_default.xml"  # type: ignore[attr-defined]  # not in the stubs
        self._cascade = cv2.CascadeClassifier(cascade)
        self._network: Any = keras.models.load_model(NETWORK, compile=False)

    def begin(self) -> None:
        pass

    def see(self, frame: NDArray[np.uint8], timestamp_s: float) -> list[str]:
        gray = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
        boxes = self._cascade.detectMultiScale(
            gray, scaleFactor=1.1, minNeighbors=5, minSize=(MIN_FACE_PX, MIN_FACE_PX)
        )
        labels = []
        for x, y, width, height in boxes:
            face = cv2.resize(gray[y : y + height, x : x + width], (48, 48)) / np.float32(255)
            scores = self._network.predict(face[None, :, :, None], verbose=0)[0]
            labels.append(LABELS[int(scores.argmax())])
        return labels

    def name(self, faces: NDArray[np.uint8]) -> list[str]:
        pictures = faces[..., None] / np.float32(255)
        scores = self._network.predict(pictures, batch_size=64, verbose=0)
        return [LABELS[number] for number in scores.argmax(axis=1)]


if __name__ == "__main__":
    serve(PapersWay)
