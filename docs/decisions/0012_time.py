"""What time is worth on a noisy face: a still for 10 s at 30 frames a second, in the pipeline.

    python docs/decisions/0012_time.py FER2013 [MODEL] [PART]
    python docs/decisions/0012_time.py FER2013 --moving actor01_av_faces.npz

Each of 200 faces of the part stands in noise 0.30 drawn anew in every frame, in a box that
trembles by up to 0, 1 and 3 % from frame to frame. What counts is the label of the smoothed state,
with no floor and the other settings as they come, in every frame from 3 s on: against FER2013's
labels without the card's offsets, and against what most voters saw with them.

The second prints what noise is of a patch's contrast, on 2,000 training faces with and without
noise of 0.1, and how often the network says of a moving face in noise what it says of the clean
patch: RAVDESS's takes as arrays of face crops, evenly spaced.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.datasets import fer2013
from convert.evaluation.corruptions import jitter, noise
from convert.predict import predict
from edge.models import Model, find
from edge.models.classifier import Classifier
from edge.pipeline.denoise import Denoiser, contrast, noise_deviation
from edge.pipeline.face import build_face_pipeline
from edge.pipeline.track import Track
from edge.settings.sections import DetectionSettings, Settings, SmoothingSettings
from edge.types import Frame
from edge.vision.resize import downscale

FACES, SECONDS, FPS, SETTLED_S = 200, 10, 30, 3.0
LEVEL = 0.30
WAYS = {
    "each moment by itself": {"time_constant_s": 0, "denoise": False},
    "scores smoothed (0.5 s)": {"denoise": False},
    "pictures averaged": {"time_constant_s": 0, "hysteresis": 0},
    "both, as by default": {},
}


def main(data: str, model: str = "edge_net", part: str = "PublicTest") -> None:
    network, whole = find(model), fer2013.load(Path(data))
    for truth, judged, faces in (
        ("FER2013's labels", network.uncalibrated(), whole.part(part)),
        ("most voters", network, whole.part(part).as_voted()),
    ):
        chosen = faces.take(np.random.default_rng(7).permutation(len(faces))[:FACES])
        for tremble in (0.0, 0.01, 0.03):
            clips = [_clip(image, tremble, seed) for seed, image in enumerate(chosen.images)]
            for way, changes in WAYS.items():
                right = _right(judged, clips, chosen.labels, changes)
                print(f"{judged.card.name}, {truth}, trembles by {tremble:.0%}, {way}: {right:.3f}")


def _clip(image: NDArray[np.uint8], tremble: float, seed: int) -> NDArray[np.uint8]:
    still = np.repeat(image[None], SECONDS * FPS, axis=0)
    rng = np.random.default_rng(seed)
    moved = jitter(tremble).apply(still, rng) if tremble else still
    return noise(LEVEL, seed).apply(moved, rng)


def _right(
    network: Model,
    clips: list[NDArray[np.uint8]],
    labels: NDArray[np.uint8],
    changes: dict[str, object],
) -> float:
    smoothing = SmoothingSettings.model_validate({"floor": 0, **changes})
    settings = Settings(detection=DetectionSettings(detector="none"), smoothing=smoothing)
    classifier, right = Classifier(network), []
    for clip, label in zip(clips, labels, strict=True):
        pipeline = build_face_pipeline(settings, classifier, datetime(2026, 1, 1, tzinfo=UTC))
        frames = (Frame(np.stack([gray] * 3, axis=2), n / FPS, n) for n, gray in enumerate(clip))
        results = [*pipeline.results(frames)][round(SETTLED_S * FPS) :]
        said = [seen.state.label for result in results for seen in result.observations]
        right.append(np.mean([state == network.card.labels[label] for state in said]))
    return float(np.mean(right))


def moving(data: str, takes: str, model: str = "edge_net") -> None:
    faces = fer2013.load(Path(data)).part("Training")
    some = faces.images[np.random.default_rng(7).permutation(len(faces))[:2000]]
    rng, network = np.random.default_rng(0), find(model).uncalibrated()
    for level in (0.0, 0.1):
        shown = noise(level, 1).apply(some, rng) if level else some
        ratios = [noise_deviation(patch) / max(contrast(patch), 1) for patch in shown]
        one, most = np.percentile(ratios, [1, 99])
        print(f"noise {level:g}: of the contrast {one:.3f} (1st percentile), {most:.3f} (99th)")
    with np.load(takes) as archive:
        clips = [np.stack([downscale(face, 48, 48) for face in archive[k]]) for k in archive]
    clean = [predict(network, clip).argmax(axis=1) for clip in clips]
    for level in (0.30, 0.10):
        noisy = [noise(level, 5).apply(clip, rng) for clip in clips]
        for way, patches in (("by itself", noisy), ("averaged", [*map(_denoised, noisy)])):
            said = [predict(network, clip).argmax(axis=1) for clip in patches]
            same = np.concatenate(said) == np.concatenate(clean)
            print(f"moving, noise {level:g}, {way}: as of the clean patch {same.mean():.3f}")


def _denoised(clip: NDArray[np.uint8]) -> NDArray[np.uint8]:
    track, denoiser = Track(), Denoiser()
    return np.stack([denoiser.add(track, patch, 0.18 * n) for n, patch in enumerate(clip)])


if __name__ == "__main__":
    if "--moving" in sys.argv:
        moving(sys.argv[1], sys.argv[3])
    else:
        main(*sys.argv[1:])
