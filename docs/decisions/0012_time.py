"""What smoothing is worth on a noisy face: 10 s of one still, each judgement in noise of its own.

    python docs/decisions/0012_time.py FER2013 [MODEL] [PART]

Each of 300 faces of the part is judged every 0.3 s, as by default; the picture has noise 0.30
drawn anew and a box that trembles by up to 3 %. The label is the device's own, `Smoother` with no
floor; its accuracy is the mean over all moments from 3 s on.
"""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.datasets import fer2013
from convert.evaluation.corruptions import jitter, noise
from convert.predict import predict
from edge.models import find
from edge.pipeline.smoothing import Smoother
from edge.pipeline.track import Track
from edge.settings.sections import SmoothingSettings
from edge.types import Prediction

FACES, MOMENTS, STEP_S, SETTLED_S = 300, 33, 0.3, 3.0
AVERAGED = (1, 3, 6, 10)
TIME_CONSTANTS_S, HYSTERESES = (0.0, 0.5, 1.0, 2.0, 4.0), (0.0, 0.1)


def main(data: str, model: str = "edge_net", part: str = "PublicTest") -> None:
    network = find(model)
    whole = fer2013.load(Path(data)).part(part)
    faces = whole.take(np.random.default_rng(7).permutation(len(whole))[:FACES])
    tremble, rng = jitter(0.03), np.random.default_rng(7)

    def shown(seed: int) -> NDArray[np.uint8]:
        return noise(0.30, seed).apply(tremble.apply(faces.images, rng), rng)

    scores = np.stack([predict(network, shown(seed)) for seed in range(MOMENTS)])
    print(f"{network.card.name}, {part}: {FACES} faces of 10 s")
    for kept in AVERAGED:
        # The crops themselves, the newest so many, before the network sees them.
        mean = np.mean([shown(seed) for seed in range(kept)], axis=0).round().astype(np.uint8)
        right_at_last = predict(network, mean).argmax(axis=1) == faces.labels
        print(f"mean of {kept} crops: {right_at_last.mean():.3f}")
    truth = [network.card.labels[label] for label in faces.labels]
    for seconds, hysteresis in product(TIME_CONSTANTS_S, HYSTERESES):
        settings = SmoothingSettings(time_constant_s=seconds, hysteresis=hysteresis, floor=0)
        smoother, tracks = Smoother(settings), [Track() for _ in range(FACES)]
        right = [
            smoother.update(
                tracks[face], Prediction(network.card.labels, said), moment * STEP_S
            ).label
            == truth[face]
            for moment, at_once in enumerate(scores)
            for face, said in enumerate(at_once)
        ]
        settled = np.array(right).reshape(MOMENTS, FACES)[round(SETTLED_S / STEP_S) :]
        print(f"time constant {seconds:g} s, hysteresis {hysteresis:g}: {settled.mean():.3f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
